// The report's figures for the first seed's runs, as SVG elements.
#pragma once

#include <string>
#include <vector>

#include "comparison/measuring.hpp"

namespace minet::comparison {

// Figure 7: body vectors by t-SNE. Empty if the test split has too few clips for a map.
std::string tsne_svg(Measuring& measuring);
// Training curves, from the runs' metrics.jsonl.
std::vector<std::string> curve_svgs(const Measuring& measuring);

}  // namespace minet::comparison
