// Training curves as SVG, from a run's metrics.jsonl.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace minet::evaluation {

struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;  // step, value
};

// The values of `key` in the lines of `stage`; lines that are not valid JSON are skipped, since the
// last one may be incomplete.
Curve read_curve(const std::filesystem::path& metrics, const std::string& stage,
                 const std::string& key, std::string name);

// CSS of pages that show curves.
inline constexpr std::string_view kCurvesStyle = R"(
svg.curves { width: 100%; font: 11px system-ui, sans-serif; }
svg.curves text { fill: var(--ink); }
svg.curves .grid { stroke: var(--line); }
)";

// A line plot over steps with axes and a legend; empty if no curve has two points. Text and axes
// take their colours from kCurvesStyle.
std::string curves_svg(const std::string& title, const std::vector<Curve>& curves,
                       const std::string& axis = "step");

}  // namespace minet::evaluation
