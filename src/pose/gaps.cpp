// Gap filling:
// 1. Every joint is taken relative to its parent, as filled (GapRule::paper) or as read, even if it
//    is a gap there (GapRule::solos). The neck, the root, is in absolute coordinates.
// 2. Their mean is taken over the frames in which the joint's confidence is above 0 (0 if none).
// 3. A joint at or below the threshold gets the distance-weighted mean of the nearest earlier and
//    later good frames. Past the ends, the mean takes the place of a frame before the first or
//    after the last.
// 4. From the root outwards, joints return to absolute coordinates; with GapRule::paper only the
//    gaps, and other joints keep theirs. Confidences do not change.
#include "minet/pose/gaps.hpp"

#include <vector>

#include "minet/core/words.hpp"
#include "pose/checks.hpp"

namespace minet::pose {
namespace {

// What counts as a gap. A source that is already filled keeps its positions at any confidence.
struct Rule {
  bool filled;
  float threshold;
  bool good(const float* joint) const { return filled ? !is_absent(joint) : joint[2] > threshold; }
  // Whether the joint counts in the mean.
  bool seen(const float* joint) const { return filled ? !is_absent(joint) : joint[2] > 0; }
};

struct Point {
  double x = 0, y = 0;
};

// A joint's positions in `raw` relative to its parent's in `parents` (the neck's are absolute).
std::vector<Point> relative(const std::vector<float>& raw, const std::vector<float>& parents,
                            std::int64_t frames, int joint) {
  const int parent = kSkeleton[static_cast<std::size_t>(joint)].parent;
  std::vector<Point> points(static_cast<std::size_t>(frames));
  for (std::size_t frame = 0; frame < points.size(); ++frame) {
    const float* row = raw.data() + frame * kFrameValues;
    const float* own = row + joint * kJointValues;
    points[frame] = {own[0], own[1]};
    if (parent >= 0) {
      const float* from = parents.data() + frame * kFrameValues + parent * kJointValues;
      points[frame].x -= static_cast<double>(from[0]);
      points[frame].y -= static_cast<double>(from[1]);
    }
  }
  return points;
}

Point mean_where(const std::vector<Point>& points, const std::vector<bool>& seen) {
  Point sum;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (seen[i]) {
      sum.x += points[i].x;
      sum.y += points[i].y;
      ++count;
    }
  }
  const auto n = static_cast<double>(count);
  return count > 0 ? Point{sum.x / n, sum.y / n} : Point{};
}

// Interpolates the frames that are not good; `mean` is the value at -1 and at the end.
void interpolate(std::vector<Point>& points, const std::vector<bool>& good, Point mean) {
  const auto frames = static_cast<std::int64_t>(points.size());
  const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  for (std::int64_t begin = 0; begin < frames;) {
    if (good[at(begin)]) {
      ++begin;
      continue;
    }
    std::int64_t end = begin;
    while (end < frames && !good[at(end)]) {
      ++end;
    }
    const Point before = begin == 0 ? mean : points[at(begin - 1)];
    const Point after = end == frames ? mean : points[at(end)];
    const auto distance = static_cast<double>(end - begin + 1);
    for (std::int64_t i = begin; i < end; ++i) {
      const double weight = static_cast<double>(i - begin + 1) / distance;
      points[at(i)] = {before.x * (1 - weight) + after.x * weight,
                       before.y * (1 - weight) + after.y * weight};
    }
    begin = end;
  }
}

void fill_joint(RawPose& pose, const std::vector<float>& raw, int joint, const Rule& rule,
                GapRule which) {
  const std::int64_t frames = pose.frames();
  std::vector<bool> good(static_cast<std::size_t>(frames)), seen(static_cast<std::size_t>(frames));
  for (std::size_t frame = 0; frame < good.size(); ++frame) {
    const float* from = raw.data() + frame * kFrameValues + joint * kJointValues;
    good[frame] = rule.good(from);
    seen[frame] = rule.seen(from);
  }
  const bool only_gaps = which == GapRule::paper;
  std::vector<Point> points = relative(raw, only_gaps ? pose.data : raw, frames, joint);
  interpolate(points, good, mean_where(points, seen));
  const int parent = kSkeleton[static_cast<std::size_t>(joint)].parent;
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    if (only_gaps && good[static_cast<std::size_t>(frame)]) continue;
    Point point = points[static_cast<std::size_t>(frame)];
    if (parent >= 0) {  // already filled: parents come first
      point.x += static_cast<double>(pose.joint(frame, parent)[0]);
      point.y += static_cast<double>(pose.joint(frame, parent)[1]);
    }
    pose.joint(frame, joint)[0] = static_cast<float>(point.x);
    pose.joint(frame, joint)[1] = static_cast<float>(point.y);
  }
}

bool neck_seen(const RawPose& pose, const Rule& rule) {
  for (std::int64_t frame = 0; frame < pose.frames(); ++frame) {
    if (rule.seen(pose.joint(frame, kNeck))) {
      return true;
    }
  }
  return false;
}

}  // namespace

GapRule parse_gap_rule(std::string_view name) {
  if (name == "paper") return GapRule::paper;
  if (name == "solos") return GapRule::solos;
  throw InputError(
      text("expected paper or solos as the rule of gap filling, got ", printable(name)));
}

GapReport fill_gaps(RawPose& pose, double confidence_threshold, GapRule which) {
  GapReport report = find_gaps(pose, confidence_threshold);
  const Rule rule{pose.filled, static_cast<float>(confidence_threshold)};
  if (!neck_seen(pose, rule)) {
    throw InputError(text("no frame shows the neck, from which all other joints hang, in ",
                          counted(pose.frames(), "frame"), " of ", pose.format,
                          " keypoints; film or crop so that the shoulders are in view"));
  }
  const std::vector<float> raw = pose.data;
  for (int joint = 0; joint < kJoints; ++joint) {
    fill_joint(pose, raw, joint, rule, which);
  }
  return report;
}

}  // namespace minet::pose
