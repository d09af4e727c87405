// Shared by the pages of this folder: movements as data, and insertion of data into a page.
#pragma once

#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace minet::listening {

extern const std::string_view kStickFigure;  // stick_figure.js

// poses [P, 94] -> [P][94] integers, 0 to 1000, that fill a square, with the same scale for x and
// y.
nlohmann::ordered_json movements(const at::Tensor& poses);
nlohmann::ordered_json bones();

// Replaces every `mark` with `content`. std::logic_error if there is none.
void put(std::string& page, std::string_view mark, std::string_view content);

// JSON for a script element: without "<", so that no "</script>" can end it.
std::string for_script(const nlohmann::ordered_json& json);

}  // namespace minet::listening
