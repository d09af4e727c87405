// Building blocks of the HTML pages: style, head and foot, tables, images, sounds. A page is one
// file that needs no server, and works in light and dark mode, on desktops and phones.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace minet {

// CSS variables for light and dark mode: --ink, --soft, --line, --page, --card, --accent,
// --on-accent, --good, --bad, --warn, --right and --left. page_begin includes them.
std::string_view page_colours();

// Everything from the doctype to the facts under the headline. Arguments are plain text, escaped
// here; `style` is additional CSS for this page.
std::string page_begin(std::string_view title, std::string_view headline,
                       const std::vector<std::string>& facts, std::string_view style = {});
std::string page_end();

// Untrusted text as HTML: control characters and invalid UTF-8 are written as \xNN.
std::string safe(std::string_view words);

// The first row and the first column are headers; plain text, escaped here.
std::string table_html(const std::vector<std::vector<std::string>>& rows);

// The start of an SVG element that fills the width of its container; `kind`: its CSS class.
std::string svg_begin(double width, double height, std::string_view label,
                      std::string_view kind = {});

struct SoundFigure {
  std::string name = {};                // may be empty: no caption
  std::vector<std::byte> picture = {};  // PNG
  std::string wav = {};                 // the file
};
std::string sound_figure(const SoundFigure& sound);

}  // namespace minet
