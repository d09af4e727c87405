// A strip of skeletons as SVG. Colours are mid-tones that are visible on white and on near-black;
// text is mid-grey. No animation, no frames of the video.
#include "minet/pose/draw.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "minet/core/words.hpp"
#include "pose/checks.hpp"

namespace minet::pose {
namespace {

constexpr double kMargin = 13;  // around each skeleton
constexpr double kTitleHeight = 30;
constexpr double kLabelHeight = 22;
constexpr double kLegendHeight = 24;
constexpr const char* kRight = "#2f7fd8";
constexpr const char* kLeft = "#e0782a";
constexpr const char* kMiddle = "#888888";
constexpr const char* kText = "#808080";

std::string coordinate(double value) {  // 0.1 units are below a screen's resolution here
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.1f", value);
  std::string result = buffer;
  if (result.ends_with(".0")) {
    result.resize(result.size() - 2);
  }
  return result == "-0" ? "0" : result;
}

std::string escaped(std::string_view from) {
  std::string result;
  for (const char c : printable(from)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

const char* side_colour(int joint) {
  switch (kSkeleton[static_cast<std::size_t>(joint)].group) {
    case JointGroup::right_arm:
    case JointGroup::right_hand:
      return kRight;
    case JointGroup::left_arm:
    case JointGroup::left_hand:
      return kLeft;
    case JointGroup::neck:
      break;
  }
  return kMiddle;
}

bool is_hand(int joint) {
  return joint >= kRightHand;
}

// Maps source to image coordinates, with one scale for all frames. The view holds 99 % of the
// coordinates, so that one stray joint does not shrink everything.
struct View {
  double left = 0, top = 0, scale = 1, shift_x = 0, shift_y = 0;
  double height = 0;  // of the image, as small as possible
  double x(const float* joint) const { return (joint[0] - left) * scale + shift_x; }
  double y(const float* joint) const { return (joint[1] - top) * scale + shift_y; }
};

std::pair<double, double> range(const PoseSequence& pose, int axis) {
  std::vector<float> values;
  const std::int64_t step = std::max<std::int64_t>(1, pose.frames / 2000);
  for (std::int64_t frame = 0; frame < pose.frames; frame += step) {
    for (int joint = 0; joint < kJoints; ++joint) {
      values.push_back(pose.joint(frame, joint)[axis]);
    }
  }
  std::sort(values.begin(), values.end());
  const std::size_t cut = values.size() / 200;
  return {values[cut], values[values.size() - 1 - cut]};
}

View make_view(const PoseSequence& pose, const DrawOptions& options) {
  const auto [left, right] = range(pose, 0);
  const auto [top, bottom] = range(pose, 1);
  const double width = options.picture_width - 2 * kMargin;
  const double height = options.picture_height - 2 * kMargin;
  const double tiny = std::numeric_limits<float>::min();
  View view{.left = left, .top = top};
  view.scale =
      std::min(width / std::max(right - left, tiny), height / std::max(bottom - top, tiny));
  if (!std::isfinite(view.scale) || right - left + bottom - top < 1e-9) {
    view.scale = 1;
  }
  view.shift_x = kMargin + (width - (right - left) * view.scale) / 2;
  view.shift_y = kMargin;
  view.height = (bottom - top) * view.scale + 2 * kMargin;
  return view;
}

std::string label(double x, double y, std::string_view anchor, std::string_view content,
                  std::string_view more = "") {
  return text("<text x=\"", coordinate(x), "\" y=\"", coordinate(y), "\" text-anchor=\"", anchor,
              "\"", more, ">", content, "</text>\n");
}

// The bones of one side, of hands or body, as one path.
std::string bones(const PoseSequence& pose, std::int64_t frame, const View& view,
                  const char* colour, bool hands) {
  std::string path;
  for (const auto& [parent, joint] : kEdges) {
    if (side_colour(joint) == colour && is_hand(joint) == hands) {
      const float *a = pose.joint(frame, parent), *b = pose.joint(frame, joint);
      path += text("M", coordinate(view.x(a)), " ", coordinate(view.y(a)), "L",
                   coordinate(view.x(b)), " ", coordinate(view.y(b)));
    }
  }
  return text("<path d=\"", path, "\" stroke=\"", colour, "\" stroke-width=\"", hands ? "1" : "2.5",
              "\"/>\n");
}

std::string dots(const PoseSequence& pose, std::int64_t frame, const View& view,
                 double gap_confidence) {
  std::string result;
  for (int joint = 0; joint < kJoints; ++joint) {
    const float* at = pose.joint(frame, joint);
    const bool gap = at[2] <= static_cast<float>(gap_confidence);
    if (is_hand(joint) && !gap) {
      continue;  // seen finger joints are just ends of bones
    }
    result += text("<circle cx=\"", coordinate(view.x(at)), "\" cy=\"", coordinate(view.y(at)),
                   "\" r=\"", is_hand(joint) ? "1.3" : "3", "\"");
    result += gap ? text(" stroke=\"", side_colour(joint), "\" stroke-width=\"",
                         is_hand(joint) ? "0.7" : "1.4", "\"/>\n")
                  : text(" fill=\"", side_colour(joint), "\"/>\n");
  }
  return result;
}

std::string legend(double y) {
  struct Entry {
    const char* colour;
    const char* name;
    bool hollow;
  };
  std::string result;
  double x = kMargin + 6;
  for (const Entry& entry : {Entry{kRight, "right", false}, Entry{kLeft, "left", false},
                             Entry{kMiddle, "gap, filled in", true}}) {
    result += text("<circle cx=\"", coordinate(x), "\" cy=\"", coordinate(y - 4), "\" r=\"3.5\" ",
                   entry.hollow ? "stroke-width=\"1.4\" stroke" : "fill", "=\"", entry.colour,
                   "\"/>\n", label(x + 9, y, "start", entry.name, text(" fill=\"", kText, "\"")));
    x += 24 + 7.0 * static_cast<double>(std::string_view(entry.name).size());
  }
  return result;
}

}  // namespace

std::string draw_svg(const PoseSequence& pose, const DrawOptions& options) {
  if (pose.frames < 1 || options.pictures < 1 || options.pictures > 100 ||
      !(options.picture_width >= 40) || !(options.picture_height >= 40)) {
    throw InputError(
        text("expected 1 to 100 images of at least 40 by 40 of a sequence with frames, "
             "got ",
             options.pictures, " images of ", counted(pose.frames, "frame")));
  }
  const std::int64_t pictures = std::min(options.pictures, pose.frames);
  const View view = make_view(pose, options);
  const double title_height = options.title.empty() ? 0 : kTitleHeight;
  const double width = std::max(options.picture_width * static_cast<double>(pictures), 260.0);
  const double labels_y = title_height + view.height + 14;
  const double height = title_height + view.height + kLabelHeight + kLegendHeight;

  std::string svg =
      text("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", coordinate(width), " ",
           coordinate(height), "\" width=\"", coordinate(width), "\" height=\"", coordinate(height),
           "\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\">\n");
  svg += text("<title>", escaped(options.title.empty() ? "Keypoints" : options.title),
              "</title>\n<g fill=\"", kText, "\">\n");
  if (!options.title.empty()) {
    svg += label(kMargin + 2, 20, "start", escaped(options.title),
                 " font-size=\"14\" font-weight=\"bold\"");
  }
  std::string drawing;
  for (std::int64_t i = 0; i < pictures; ++i) {
    const std::int64_t frame = pictures == 1 ? 0 : i * (pose.frames - 1) / (pictures - 1);
    const double left = options.picture_width * static_cast<double>(i);
    char when[32];
    std::snprintf(when, sizeof when, "%.2f s", static_cast<double>(frame) / pose.fps);
    svg += label(left + options.picture_width / 2, labels_y, "middle", when);
    drawing += text("<g transform=\"translate(", coordinate(left), " ", coordinate(title_height),
                    ")\">\n");
    for (const char* colour : {kRight, kLeft}) {
      drawing += bones(pose, frame, view, colour, true) + bones(pose, frame, view, colour, false);
    }
    drawing += dots(pose, frame, view, options.gap_confidence) + "</g>\n";
  }
  svg += "</g>\n<g fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n" + drawing +
         "</g>\n";
  svg += text("<g fill=\"none\">\n<g fill=\"", kText, "\">\n",
              label(width - kMargin, height - 8, "end", "time from the start"), "</g>\n",
              legend(height - 8), "</g>\n</svg>\n");
  return svg;
}

}  // namespace minet::pose
