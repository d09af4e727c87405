#include "evaluation/curves.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "minet/core/files.hpp"
#include "minet/core/page.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace {

constexpr double kWidth = 420, kHeight = 240;
constexpr double kLeft = 52, kRight = 12, kTop = 30, kBottom = 34;
constexpr std::uint64_t kMaxMetrics = 1 << 30;  // bytes
// Distinguishable for people with red-green colour blindness too (Okabe and Ito 2008).
constexpr std::array kColours{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};

// About `count` round numbers that cover [low, high].
std::vector<double> ticks(double low, double high, int count) {
  const double raw = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  double step = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    step = factor * power;
    if (step >= raw) break;
  }
  std::vector<double> result;
  for (double at = std::ceil(low / step) * step; at <= high + step * 1e-9; at += step) {
    result.push_back(std::abs(at) < step * 1e-9 ? 0 : at);
  }
  return result;
}

// Whether ticks between the two differ: a step that is too small for the size of the numbers would
// never get from one to the other.
bool is_range(double low, double high) {
  return high - low > 1e-9 * std::max(std::abs(low), std::abs(high));
}

std::string number(double value) {
  std::ostringstream stream;
  stream.precision(4);
  stream << value;
  return stream.str();
}

}  // namespace

Curve read_curve(const std::filesystem::path& metrics, const std::string& stage,
                 const std::string& key, std::string name) {
  Curve curve{.name = std::move(name), .points = {}};
  if (!std::filesystem::exists(metrics)) return curve;
  for (const std::string& line : split(read_file(metrics, kMaxMetrics), '\n')) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("stage") || json["stage"] != stage ||
        !json.contains(key))
      continue;
    if (!json[key].is_number() || !json.contains("step") || !json["step"].is_number()) continue;
    curve.points.emplace_back(json["step"].get<double>(), json[key].get<double>());
  }
  return curve;
}

std::string curves_svg(const std::string& title, const std::vector<Curve>& curves,
                       const std::string& axis) {
  double left = std::numeric_limits<double>::max(), right = -left, low = left, high = -left;
  bool drawable = false;
  for (const Curve& curve : curves) {
    drawable |= curve.points.size() > 1;
    for (const auto& [step, value] : curve.points) {
      left = std::min(left, step);
      right = std::max(right, step);
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  if (!drawable || !is_range(left, right)) return {};
  if (!is_range(low, high)) high = low + std::max(1.0, std::abs(low));
  const double margin = (high - low) * 0.05;
  low -= margin;
  high += margin;
  const auto x = [&](double step) {
    return tenths(kLeft + (step - left) / (right - left) * (kWidth - kLeft - kRight));
  };
  const auto y = [&](double value) {
    return tenths(kTop + (high - value) / (high - low) * (kHeight - kTop - kBottom));
  };

  std::string svg =
      svg_begin(kWidth, kHeight, title, "curves") +
      text("<text x=\"", kLeft, "\" y=\"16\" font-weight=\"bold\">", safe(title), "</text>\n");
  for (const double value : ticks(low, high, 4)) {
    svg += text("<line class=\"grid\" x1=\"", kLeft, "\" x2=\"", kWidth - kRight, "\" y1=\"",
                y(value), "\" y2=\"", y(value), "\"/><text text-anchor=\"end\" x=\"", kLeft - 6,
                "\" y=\"", y(value), "\" dy=\"4\">", number(value), "</text>\n");
  }
  for (const double step : ticks(left, right, 4)) {
    svg += text("<text text-anchor=\"middle\" x=\"", x(step), "\" y=\"", kHeight - kBottom + 16,
                "\">", number(step), "</text>\n");
  }
  double legend = kWidth - kRight;
  for (std::size_t i = curves.size(); i-- > 0;) {
    const Curve& curve = curves[i];
    if (curve.points.empty()) continue;
    const char* colour = kColours[i % kColours.size()];
    svg += text("<polyline fill=\"none\" stroke=\"", colour, "\" stroke-width=\"1.6\" points=\"");
    for (const auto& [step, value] : curve.points) svg += text(x(step), ",", y(value), " ");
    svg += text("\"/><text text-anchor=\"end\" fill=\"", colour, "\" style=\"fill:", colour,
                "\" x=\"", tenths(legend), "\" y=\"16\">", safe(curve.name), "</text>\n");
    legend -= 7.0 * static_cast<double>(curve.name.size()) + 12;
  }
  svg += text("<text text-anchor=\"end\" x=\"", kWidth - kRight, "\" y=\"", kHeight - 4, "\">",
              safe(axis), "</text></svg>\n");
  return svg;
}

}  // namespace minet::evaluation
