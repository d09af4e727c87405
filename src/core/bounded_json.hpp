// Parses untrusted JSON with limits on the depth and the number of values, checked while parsing.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "minet/core/errors.hpp"

namespace minet {

struct JsonBounds {
  int depth = 16;
  std::int64_t values = 1 << 20;
};

// A discarded value (is_discarded) if the text is not JSON. Throws what `broken` returns for "one
// nested too deeply" or "one with too many entries".
inline nlohmann::json parse_bounded_json(
    std::string_view content, const JsonBounds& bounds,
    const std::function<InputError(const std::string& got)>& broken) {
  std::int64_t values = 0;
  const auto limit = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > bounds.depth) throw broken("one nested too deeply");
    if (++values > bounds.values) throw broken("one with too many entries");
    return true;
  };
  return nlohmann::json::parse(content, limit, /*allow_exceptions=*/false);
}

}  // namespace minet
