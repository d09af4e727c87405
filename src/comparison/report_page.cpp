#include "comparison/report_page.hpp"

#include "evaluation/curves.hpp"
#include "minet/core/files.hpp"
#include "minet/core/page.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"

namespace minet::comparison {
namespace {

constexpr std::uint64_t kMaxSound = 64 << 20;  // bytes per example

constexpr std::string_view kStyle = R"(
.example { margin: 1rem 0 2rem; }
.figure { background: #fff; color: #1b1b1f; border-radius: 6px; padding: .5rem; }
)";

std::string examples_html(const std::vector<Example>& examples) {
  if (examples.empty()) return {};
  std::string html =
      "<section><h2>Figure 6. Spectrograms to see and hear</h2>\n<p class=\"note\">0 to 4 kHz, 70 "
      "dB; the phases of all sounds, including the real ones, are reconstructed from the "
      "spectrogram.</p>\n";
  for (const Example& example : examples) {
    html += text("<div class=\"example\"><p>", safe(example.track),
                 example.instrument.empty() ? "" : " &middot; ", safe(example.instrument),
                 ", from ", tenths(example.start_s), " s</p><div class=\"row\">\n");
    for (const ExampleSound& sound : example.sounds) {
      html += sound_figure(
          {.name = sound.name, .picture = sound.picture, .wav = read_file(sound.wav, kMaxSound)});
    }
    html += "</div></div>\n";
  }
  return html + "</section>\n";
}

}  // namespace

std::string render(const ReportPage& page) {
  std::string html = page_begin("minet: tables", page.headline, page.facts,
                                text(evaluation::kCurvesStyle, kStyle));
  for (const PaperTable& table : page.tables) html += as_html(table, page.paper);
  html += examples_html(page.examples);
  if (!page.tsne_svg.empty()) {
    html += text("<section><h2>Figure 7. Body vectors by t-SNE</h2>\n<div class=\"figure\">",
                 page.tsne_svg,
                 "</div>\n"
                 "<p class=\"note\">One point per test clip, coloured by instrument; the model was "
                 "never given the labels.</p></section>\n");
  }
  if (!page.curves.empty()) {
    html += "<section><h2>Training</h2><div class=\"row\">\n";
    for (const std::string& svg : page.curves) html += text("<div>", svg, "</div>\n");
    html += "</div></section>\n";
  }
  return html + page_end();
}

}  // namespace minet::comparison
