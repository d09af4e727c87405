// Escaping and data URIs for self-contained HTML pages.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace minet {

// Escapes text for element content and quoted attribute values. Control characters, which HTML
// forbids, become U+FFFD; other bytes stay as they are.
std::string html_escape(std::string_view text);

std::string base64(std::span<const std::byte> bytes);

// "data:image/png;base64,...", for src and href.
std::string data_uri(std::string_view media_type, std::span<const std::byte> bytes);

}  // namespace minet
