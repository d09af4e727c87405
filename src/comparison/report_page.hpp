// report.html: all results of `mi_eval tables` in a single file that works from disk.
#pragma once

#include <string>
#include <vector>

#include "comparison/examples.hpp"
#include "comparison/paper_table.hpp"

namespace minet::comparison {

struct ReportPage {
  std::string headline;            // what was measured, one sentence
  std::vector<std::string> facts;  // corpus, configuration, seeds, version
  std::vector<PaperTable> tables;
  std::vector<PaperFigure> paper;
  std::vector<Example> examples;    // figure 6
  std::string tsne_svg;             // figure 7; may be empty
  std::vector<std::string> curves;  // SVG
};

std::string render(const ReportPage& page);

}  // namespace minet::comparison
