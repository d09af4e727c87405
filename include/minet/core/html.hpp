// Pieces of a page that works from disk: text that data cannot break out of, and files inside it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace minet {

// For element content and for attribute values in either kind of quotes. Control characters, which
// HTML forbids, become U+FFFD; other bytes stay as they are.
std::string html_escape(std::string_view text);

std::string base64(std::span<const std::byte> bytes);

// "data:image/png;base64,...", for src and href.
std::string data_uri(std::string_view media_type, std::span<const std::byte> bytes);

}  // namespace minet
