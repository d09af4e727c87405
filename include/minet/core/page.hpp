// The page kit: what every page shares. Its style, head and foot, tables, pictures, sounds to see
// and hear. A page is one file that works from disk, in light and dark, on a desk and on a
// telephone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace minet {

// CSS: the variables --ink, --soft, --line, --page, --card, --accent, --on-accent, --good, --bad,
// --warn, --right and --left, for light and dark. Of every page; page_begin has them.
std::string_view page_colours();

// Everything from the doctype to the facts under the headline; plain text, escaped here. `style`:
// CSS of this page alone.
std::string page_begin(std::string_view title, std::string_view headline,
                       const std::vector<std::string>& facts, std::string_view style = {});
std::string page_end();

// Words of data as HTML: bytes that are no UTF-8 and control characters are written as \\xNN.
std::string safe(std::string_view words);

// The first row heads the columns, the first column the rows; plain text, escaped here.
std::string table_html(const std::vector<std::vector<std::string>>& rows);

// The beginning of an SVG element as wide as its place; `kind`: its CSS class.
std::string svg_begin(double width, double height, std::string_view label,
                      std::string_view kind = {});

struct SoundFigure {
  std::string name = {};                // may be empty: no caption
  std::vector<std::byte> picture = {};  // PNG
  std::string wav = {};                 // the file
};
std::string sound_figure(const SoundFigure& sound);

}  // namespace minet
