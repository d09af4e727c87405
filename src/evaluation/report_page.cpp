#include "evaluation/report_page.hpp"

#include <span>

#include "evaluation/table.hpp"
#include "minet/core/files.hpp"
#include "minet/core/html.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace {

constexpr std::uint64_t kMaxSound = 64 << 20;  // bytes of one example

constexpr char kStyle[] = R"(
:root { color-scheme: light dark; --ink: #1b1b1f; --soft: #5c5f66; --line: #d9dbe0; --paper: #fff; --tint: #f4f5f7; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8ea; --soft: #a3a6ad; --line: #3a3c42; --paper: #17181b; --tint: #202226; }
}
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
ul.facts { padding-left: 1.1rem; color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .8rem; text-align: right; vertical-align: top; border-bottom: 1px solid var(--line); white-space: nowrap; }
tr > th:first-child { text-align: left; font-weight: 500; }
tr:first-child th { font-weight: 600; background: var(--tint); }
td small { display: block; color: var(--soft); font-size: .72rem; }
p.note { color: var(--soft); font-size: .88rem; margin: .35rem 0; max-width: 48rem; }
.example { margin: 1rem 0 2rem; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1rem; }
figure { margin: 0; }
figure img, figure audio { width: 100%; display: block; }
figure img { image-rendering: auto; aspect-ratio: 3; object-fit: fill; }
figcaption { font-size: .88rem; margin-bottom: .25rem; }
svg { max-width: 100%; height: auto; }
svg.curves { width: 100%; font: 11px system-ui, sans-serif; }
svg.curves text { fill: var(--ink); }
svg.curves .grid { stroke: var(--line); }
.figure { background: #fff; color: #1b1b1f; border-radius: 6px; padding: .5rem; }
)";

std::string data_uri_of_file(const std::filesystem::path& path, std::string_view media_type) {
  const std::string bytes = read_file(path, kMaxSound);
  return data_uri(media_type, std::as_bytes(std::span(bytes)));
}

std::string examples_html(const std::vector<Example>& examples) {
  if (examples.empty()) return {};
  std::string html =
      "<section><h2>Figure 6. Spectrograms to see and hear</h2>\n<p class=\"note\">0 to 4 kHz, 70 "
      "dB; the phases of all sounds, the real ones too, are made from the spectrogram.</p>\n";
  for (const Example& example : examples) {
    html += text("<div class=\"example\"><p>", html_escape(example.track),
                 example.instrument.empty() ? "" : " &middot; ", html_escape(example.instrument),
                 ", from ", tenths(example.start_s), " s</p><div class=\"row\">\n");
    for (const ExampleSound& sound : example.sounds) {
      html += text("<figure><figcaption>", html_escape(sound.name), "</figcaption><img alt=\"",
                   html_escape(sound.name), "\" src=\"", data_uri("image/png", sound.picture),
                   "\"><audio controls preload=\"none\" src=\"",
                   data_uri_of_file(sound.wav, "audio/wav"), "\"></audio></figure>\n");
    }
    html += "</div></div>\n";
  }
  return html + "</section>\n";
}

}  // namespace

std::string render(const ReportPage& page) {
  std::string html = text(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<title>minet: tables</title>\n<style>",
      kStyle, "</style></head><body>\n<h1>", html_escape(page.headline),
      "</h1>\n<ul class=\"facts\">\n");
  for (const std::string& fact : page.facts) html += text("<li>", html_escape(fact), "</li>\n");
  html += "</ul>\n";
  for (const PaperTable& table : page.tables) html += as_html(table, page.paper);
  html += examples_html(page.examples);
  if (!page.tsne_svg.empty()) {
    html += text("<section><h2>Figure 7. Body vectors by t-SNE</h2>\n<div class=\"figure\">",
                 page.tsne_svg,
                 "</div>\n<p class=\"note\">One point a test clip, coloured by instrument; the "
                 "model was never told which.</p></section>\n");
  }
  if (!page.curves.empty()) {
    html += "<section><h2>Training</h2><div class=\"row\">\n";
    for (const std::string& svg : page.curves) html += text("<div>", svg, "</div>\n");
    html += "</div></section>\n";
  }
  return html + "</body></html>\n";
}

}  // namespace minet::evaluation
