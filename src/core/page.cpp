#include "minet/core/page.hpp"

#include <span>

#include "minet/core/html.hpp"
#include "minet/core/text.hpp"

namespace minet {
namespace {

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
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 45%), 1fr)); gap: 1.5rem 1.25rem; margin-top: 1.25rem; }
.card { border-top: 1px solid var(--line); padding-top: .6rem; min-width: 0; }
.card h3 { font-size: .95rem; margin: 0 0 .4rem; display: flex; justify-content: space-between; }
.card h3 span { color: var(--soft); font-weight: 400; }
.card p { font-size: .85rem; margin: .3rem 0 0; }
.card figure img { aspect-ratio: 2; }
.plot { max-width: 30rem; margin-top: 1rem; }
svg.bars { width: 100%; display: block; margin-top: .4rem; font: 9px system-ui, sans-serif; }
svg.bars rect { fill: #0072b2; }
svg.bars line { stroke: var(--line); }
svg.bars text { fill: var(--soft); }
@media (max-width: 40rem) {
  th, td { padding: .35rem .4rem; }
  tr > th:first-child, tr:first-child th { white-space: normal; }
}
.figure { background: #fff; color: #1b1b1f; border-radius: 6px; padding: .5rem; }
)";

}  // namespace

std::string page_begin(std::string_view title, std::string_view headline,
                       const std::vector<std::string>& facts) {
  std::string html = text(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<title>",
      html_escape(title), "</title>\n<style>", kStyle, "</style></head><body>\n<h1>",
      html_escape(headline), "</h1>\n<ul class=\"facts\">\n");
  for (const std::string& fact : facts) html += text("<li>", html_escape(fact), "</li>\n");
  return html + "</ul>\n";
}

std::string page_end() {
  return "</body></html>\n";
}

std::string table_html(const std::vector<std::vector<std::string>>& rows) {
  std::string html = "<div class=\"wide\"><table>\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    html += "<tr>";
    for (std::size_t j = 0; j < rows[i].size(); ++j) {
      const char* tag = i == 0 || j == 0 ? "th" : "td";
      html += text("<", tag, ">", html_escape(rows[i][j]), "</", tag, ">");
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string sound_figure(const SoundFigure& sound) {
  const std::string name = html_escape(sound.name);
  return text("<figure>", name.empty() ? "" : text("<figcaption>", name, "</figcaption>"),
              "<img alt=\"", name.empty() ? "spectrogram" : name, "\" src=\"",
              data_uri("image/png", sound.picture), "\"><audio controls preload=\"none\" src=\"",
              data_uri("audio/wav", std::as_bytes(std::span(sound.wav))), "\"></audio></figure>\n");
}

}  // namespace minet
