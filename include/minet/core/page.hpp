// What the pages of evaluation share: their style, head and foot, sounds to see and hear. A page is
// one file that works from disk, in light and dark, on a desk and on a telephone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace minet {

// Everything from the doctype to the facts under the headline; plain text, escaped here.
std::string page_begin(std::string_view title, std::string_view headline,
                       const std::vector<std::string>& facts);
std::string page_end();

// The first row heads the columns, the first column the rows.
std::string table_html(const std::vector<std::vector<std::string>>& rows);

struct SoundFigure {
  std::string name = {};                // may be empty: no caption
  std::vector<std::byte> picture = {};  // PNG
  std::string wav = {};                 // the file
};
std::string sound_figure(const SoundFigure& sound);

}  // namespace minet
