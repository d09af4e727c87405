#include "evaluation/dictionary_page.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "evaluation/curves.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/page.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/score/notes.hpp"

namespace minet::evaluation {
namespace {

constexpr std::size_t kNamed = 3;  // instruments named on a card

constexpr std::string_view kStyle = R"(
.plot { max-width: 30rem; margin-top: 1rem; }
svg.bars { width: 100%; display: block; margin-top: .4rem; font: 9px system-ui, sans-serif; }
svg.bars rect { fill: #0072b2; }
svg.bars line { stroke: var(--line); }
svg.bars text { fill: var(--soft); }
)";

// Indices of the counts above 0, the largest first.
std::vector<std::size_t> by_count(const std::vector<std::int64_t>& counts) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
  return order;
}

double share_of(const std::vector<std::int64_t>& counts, std::size_t index) {
  const auto all = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  return all == 0 ? 0 : static_cast<double>(counts[index]) / static_cast<double>(all);
}

struct Range {
  int low = 0, high = -1;  // range of MIDI numbers over all codes
};

Range range_of(const std::vector<DictionaryEntry>& entries) {
  Range range{.low = 127, .high = -1};
  for (const DictionaryEntry& entry : entries) {
    for (std::size_t pitch = 0; pitch < entry.notes.size(); ++pitch) {
      if (entry.notes[pitch] == 0) continue;
      range.low = std::min(range.low, static_cast<int>(pitch));
      range.high = std::max(range.high, static_cast<int>(pitch));
    }
  }
  return range;
}

// How often each note sounds when the code occurs; the same axis on all cards.
std::string bars_svg(const std::vector<std::int64_t>& notes, const Range& range) {
  constexpr double kBarsWidth = 240, kBarsHeight = 46, kFoot = 12;
  const double step = kBarsWidth / (range.high - range.low + 1);
  const auto largest = static_cast<double>(*std::max_element(notes.begin(), notes.end()));
  std::string svg = svg_begin(kBarsWidth, kBarsHeight, "notes", "bars") +
                    text("<line x1=\"0\" x2=\"", kBarsWidth, "\" y1=\"", kBarsHeight - kFoot,
                         "\" y2=\"", kBarsHeight - kFoot, "\"/>\n");
  for (int pitch = range.low; pitch <= range.high; ++pitch) {
    const double x = (pitch - range.low) * step;
    const auto count = static_cast<double>(notes[static_cast<std::size_t>(pitch)]);
    if (count > 0) {
      const double height = std::max(0.5, count / largest * (kBarsHeight - kFoot));
      svg += text("<rect x=\"", tenths(x), "\" y=\"", tenths(kBarsHeight - kFoot - height),
                  "\" width=\"", tenths(std::max(0.5, step * 0.85)), "\" height=\"", tenths(height),
                  "\"><title>", note_name(pitch), ": ",
                  percent(share_of(notes, static_cast<std::size_t>(pitch))), "</title></rect>\n");
    }
    if (pitch % 12 == 0 && x < kBarsWidth - 14) {
      svg += text("<text x=\"", tenths(x), "\" y=\"", kBarsHeight - 2, "\">", note_name(pitch),
                  "</text>\n");
    }
  }
  return svg + "</svg>\n";
}

std::string notes_line(const std::vector<std::int64_t>& notes) {
  const NoteSummary summary = summarise(notes);
  if (summary.frames == 0) return "only in rests";
  return text(note_name(summary.commonest), " in ", percent(summary.commonest_share), "; mean ",
              tenths(summary.mean), " (", note_name(static_cast<int>(std::lround(summary.mean))),
              ")");
}

std::string instruments_line(const DictionaryEntry& entry, const std::vector<std::string>& names) {
  std::vector<std::string> parts;
  for (const std::size_t i : by_count(entry.instruments)) {
    if (parts.size() == kNamed) break;
    parts.push_back(text(names[i], " ", percent(share_of(entry.instruments, i))));
  }
  return join(parts, ", ");
}

std::string heard_note(double hz) {
  return hz > 0 ? note_name(score::pitch_of_hz(hz)) : std::string();
}

std::string card(const Dictionary& dictionary, const DictionaryEntry& entry, const Range& range) {
  std::string html =
      text("<div class=\"card\"><h3>Code ", entry.code, " <span>", percent(entry.share),
           "</span></h3>\n", sound_figure({.picture = entry.picture, .wav = entry.wav}));
  if (!entry.notes.empty()) {
    if (summarise(entry.notes).frames > 0) html += bars_svg(entry.notes, range);
    html += text("<p>Notes: ", notes_line(entry.notes), "</p>\n");
  }
  const std::string instruments = instruments_line(entry, dictionary.instruments);
  if (!instruments.empty()) html += text("<p>", safe(instruments), "</p>\n");
  html += text("<p>On its own it sounds ",
               entry.hz > 0 ? text("like ", heard_note(entry.hz), " (", figure(entry.hz), " Hz)")
                            : "without a pitch",
               "; held ", std::lround(1000 * entry.hold_s), " ms</p>\n");
  return html + "</div>\n";
}

}  // namespace

std::string note_name(int pitch) {
  constexpr std::array kNames{"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"};
  const int octave = pitch >= 0 ? pitch / 12 : -((11 - pitch) / 12);
  return text(kNames[static_cast<std::size_t>(pitch - 12 * octave)], octave - 1);
}

NoteSummary summarise(const std::vector<std::int64_t>& notes) {
  NoteSummary summary;
  double sum = 0;
  std::int64_t most = 0;
  for (std::size_t pitch = 0; pitch < notes.size(); ++pitch) {
    summary.frames += notes[pitch];
    sum += static_cast<double>(notes[pitch]) * static_cast<double>(pitch);
    if (notes[pitch] > most) {
      most = notes[pitch];
      summary.commonest = static_cast<int>(pitch);
    }
  }
  if (summary.frames == 0) return summary;
  summary.mean = sum / static_cast<double>(summary.frames);
  summary.commonest_share = static_cast<double>(most) / static_cast<double>(summary.frames);
  return summary;
}

std::string dictionary_page(const Dictionary& dictionary) {
  std::string html =
      page_begin("minet: codes", dictionary.headline, dictionary.facts, text(kCurvesStyle, kStyle));
  html += text("<section><h2>Use</h2>\n", table_html(dictionary.usage));
  if (!dictionary.usage_svg.empty()) {
    html += text("<div class=\"plot\">", dictionary.usage_svg, "</div>\n");
  }
  html += "</section>\n";
  if (!dictionary.meaning.empty()) {
    html += text("<section><h2>Meaning</h2>\n", table_html(dictionary.meaning),
                 "<p class=\"note\">Bits per frame. A code says: mutual information of code and "
                 "label in the measured recordings; floor: its chance level, with the labels of "
                 "other tracks. The last column uses the meaning that codes have in the training "
                 "tracks, and may be below 0.</p></section>\n");
  }
  html +=
      "<section><h2>Dictionary</h2>\n<p class=\"note\">Each code held for 0.8 s: the decoder's "
      "spectrum (0 to 4 kHz, 70 dB) with reconstructed phases. Loudness and brightness are "
      "comparable between cards. Below it, the notes and instruments that it is used for in the "
      "measured clips.";
  html += "</p>\n<div class=\"cards\">\n";
  const Range range = range_of(dictionary.entries);
  for (const DictionaryEntry& entry : dictionary.entries) html += card(dictionary, entry, range);
  return html + "</div></section>\n" + page_end();
}

std::string codes_csv(const Dictionary& dictionary) {
  std::string csv =
      csv_line({"rank", "code", "frames", "share", "train_share", "mean_hold_s", "heard_hz",
                "heard_note", "note_frames", "mean_pitch", "nearest_note", "commonest_note",
                "commonest_note_share", "instrument", "instrument_share"});
  std::size_t rank = 0;
  for (const DictionaryEntry& entry : dictionary.entries) {
    std::vector<std::string> cells{text(++rank),
                                   text(entry.code),
                                   text(entry.count),
                                   to_text(entry.share),
                                   to_text(entry.train_share),
                                   to_text(entry.hold_s),
                                   entry.hz > 0 ? to_text(entry.hz) : std::string(),
                                   heard_note(entry.hz)};
    const NoteSummary notes = summarise(entry.notes);
    if (notes.frames > 0) {
      cells.insert(cells.end(), {text(notes.frames), to_text(notes.mean),
                                 note_name(static_cast<int>(std::lround(notes.mean))),
                                 note_name(notes.commonest), to_text(notes.commonest_share)});
    } else {
      cells.insert(cells.end(), {entry.notes.empty() ? "" : "0", "", "", "", ""});
    }
    const std::vector<std::size_t> order = by_count(entry.instruments);
    cells.push_back(order.empty() ? std::string() : dictionary.instruments[order.front()]);
    cells.push_back(order.empty() ? std::string()
                                  : to_text(share_of(entry.instruments, order.front())));
    csv += csv_line(cells);
  }
  return csv;
}

std::string notes_csv(const Dictionary& dictionary) {
  std::string csv = csv_line({"code", "pitch", "note", "share"});
  for (const DictionaryEntry& entry : dictionary.entries) {
    for (const std::size_t pitch : by_count(entry.notes)) {
      csv += csv_line({text(entry.code), text(pitch), note_name(static_cast<int>(pitch)),
                       to_text(share_of(entry.notes, pitch))});
    }
  }
  return csv;
}

std::string instruments_csv(const Dictionary& dictionary) {
  std::string csv = csv_line({"code", "instrument", "share"});
  for (const DictionaryEntry& entry : dictionary.entries) {
    for (const std::size_t i : by_count(entry.instruments)) {
      csv += csv_line(
          {text(entry.code), dictionary.instruments[i], to_text(share_of(entry.instruments, i))});
    }
  }
  return csv;
}

}  // namespace minet::evaluation
