#include "minet/core/page.hpp"

#include <span>

#include "minet/core/html.hpp"
#include "minet/core/text.hpp"

namespace minet {
namespace {

// The colours of all pages, light and dark.
constexpr std::string_view kColours = R"(
:root { color-scheme: light dark; --ink: #1b1b1f; --soft: #5c5f66; --line: #d9dbe0; --page: #fff; --card: #f4f5f7;
  --accent: #1f5fbf; --on-accent: #fff; --good: #1a7f4b; --bad: #c0322b; --warn: #9a6700; --right: #2f7fd8; --left: #e0782a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8ea; --soft: #a3a6ad; --line: #3a3c42; --page: #17181b; --card: #202226; --accent: #7fb0ff;
    --on-accent: #10151f; --good: #4fc98a; --bad: #ff7b72; --warn: #e3b341; }
}
)";

constexpr std::string_view kStyle = R"(
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: .95rem; margin: 0 0 .4rem; }
ul.facts { padding-left: 1.1rem; color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .8rem; text-align: right; vertical-align: top; border-bottom: 1px solid var(--line); white-space: nowrap; }
tr > th:first-child { text-align: left; font-weight: 500; }
tr:first-child th { font-weight: 600; background: var(--card); }
td small { display: block; color: var(--soft); font-size: .72rem; }
.note { color: var(--soft); font-size: .88rem; margin: .35rem 0; max-width: 48rem; overflow-wrap: anywhere; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 45%), 1fr)); gap: 1.5rem 1.25rem; margin-top: 1.25rem; }
.card { border-top: 1px solid var(--line); padding-top: .6rem; min-width: 0; }
.card h3 { display: flex; justify-content: space-between; }
.card h3 span { color: var(--soft); font-weight: 400; }
.card p { font-size: .85rem; margin: .3rem 0 0; }
.card figure img { aspect-ratio: 2; }
figure { margin: 0; }
figure img, figure audio { width: 100%; display: block; }
figure img { image-rendering: auto; aspect-ratio: 3; object-fit: fill; }
figcaption { font-size: .88rem; margin-bottom: .25rem; }
svg { max-width: 100%; height: auto; }
@media (max-width: 40rem) {
  th, td { padding: .35rem .4rem; }
  tr > th:first-child, tr:first-child th { white-space: normal; }
}
)";

}  // namespace

std::string_view page_colours() {
  return kColours;
}

std::string page_begin(std::string_view title, std::string_view headline,
                       const std::vector<std::string>& facts, std::string_view style) {
  std::string html = text(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<title>",
      safe(title), "</title>\n<style>", kColours, kStyle, style, "</style></head><body>\n<h1>",
      safe(headline), "</h1>\n<ul class=\"facts\">\n");
  for (const std::string& fact : facts) html += text("<li>", safe(fact), "</li>\n");
  return html + "</ul>\n";
}

std::string safe(std::string_view words) {
  return html_escape(printable(words));
}

std::string svg_begin(double width, double height, std::string_view label, std::string_view kind) {
  return text("<svg class=\"", kind, "\" viewBox=\"0 0 ", to_text(width), " ", to_text(height),
              "\" role=\"img\" aria-label=\"", safe(label), "\">\n");
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
      html += text("<", tag, ">", safe(rows[i][j]), "</", tag, ">");
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string sound_figure(const SoundFigure& sound) {
  const std::string name = safe(sound.name);
  return text("<figure>", name.empty() ? "" : text("<figcaption>", name, "</figcaption>"),
              "<img alt=\"", name.empty() ? "spectrogram" : name, "\" src=\"",
              data_uri("image/png", sound.picture), "\"><audio controls preload=\"none\" src=\"",
              data_uri("audio/wav", std::as_bytes(std::span(sound.wav))), "\"></audio></figure>\n");
}

}  // namespace minet
