// What the pages of this room share: movements as data, and putting data into a page.
#pragma once

#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace minet::listening {

extern const std::string_view kStickFigure;  // stick_figure.js

// poses [P, 94] -> [P][94] whole numbers, 0 to 1000, that fill a square: the same factor for x and
// y.
nlohmann::ordered_json movements(const at::Tensor& poses);
nlohmann::ordered_json bones();

// `mark` becomes `content` wherever it stands. std::logic_error where it does not.
void put(std::string& page, std::string_view mark, std::string_view content);

// JSON inside a script element: without "<", so that no "</script>" can end it.
std::string for_script(const nlohmann::ordered_json& json);

}  // namespace minet::listening
