#include "minet/pose/causal.hpp"

#include <algorithm>
#include <cmath>

#include "pose/checks.hpp"

namespace minet::pose {
namespace {

constexpr double kKept = 1;               // s of frames kept for interpolation
constexpr std::int64_t kMostAtOnce = 50;  // grid frames at most after a pause
constexpr std::int64_t kScaleEvery = 5;   // frames; the medians take 50 us

}  // namespace

CausalPose::CausalPose(double fps, double gap_confidence) : fps_(fps), confidence_(gap_confidence) {
  check_rate(fps, "The frame rate of a player's keypoints");
  remembered_.fps = fps;
}

bool CausalPose::fill(std::span<const float> joints, Points& points) {
  if (joints.size() != kFrameValues) {
    throw InputError(text("expected 141 numbers of a frame's joints, got ", joints.size()));
  }
  const auto good = [&](int joint) {
    return joints[static_cast<std::size_t>(joint) * kJointValues + 2] > confidence_;
  };
  const auto coordinate = [&](int joint, std::size_t axis) {
    return joints[static_cast<std::size_t>(joint) * kJointValues + axis];
  };
  bool anybody = false;
  for (int joint = 0; joint < kJoints; ++joint) anybody = anybody || good(joint);
  const bool shoulders = good(kRightShoulder) && good(kLeftShoulder);
  if (!anybody || !(good(kNeck) || shoulders || started())) return false;
  for (int joint = 0; joint < kJoints; ++joint) {
    const int parent = kSkeleton[static_cast<std::size_t>(joint)].parent;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const std::size_t own = 2 * static_cast<std::size_t>(joint) + axis;
      const float from = parent < 0 ? 0.0F : points[2 * static_cast<std::size_t>(parent) + axis];
      if (good(joint)) {
        points[own] = coordinate(joint, axis);
        offsets_[own] = points[own] - from;
      } else if (joint == kNeck && shoulders) {
        points[own] = (coordinate(kRightShoulder, axis) + coordinate(kLeftShoulder, axis)) / 2;
        offsets_[own] = points[own];
      } else {
        points[own] = from + offsets_[own];
      }
    }
  }
  return true;
}

bool CausalPose::add(std::span<const float> joints, double time_s) {
  Points points{};
  if (!fill(joints, points)) return false;
  if (!started()) next_tick_ = time_s;
  if (started() && time_s <= newest_s()) {
    seen_.back().points = points;
    return true;
  }
  seen_.push_back({time_s, points});
  while (seen_.size() > 2 && seen_[1].time_s < time_s - kKept) seen_.pop_front();
  return true;
}

CausalPose::Points CausalPose::at(double time_s) const {
  const auto after = std::find_if(seen_.begin(), seen_.end(),
                                  [&](const Seen& seen) { return seen.time_s > time_s; });
  if (after == seen_.begin()) return seen_.front().points;
  const Seen& before = *std::prev(after);
  if (after == seen_.end()) return before.points;
  const auto weight =
      static_cast<float>((time_s - before.time_s) / (after->time_s - before.time_s));
  Points points{};
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i] = before.points[i] * (1 - weight) + after->points[i] * weight;
  }
  return points;
}

void CausalPose::follow_scale() {
  const PoseScale now = scale_of(remembered_);
  if (ticks_ <= kScaleEvery) {
    scale_ = now;
    return;
  }
  // Follows slowly, so that a new median does not look like movement; faster in the beginning, when
  // there are few frames.
  const double part = std::min(
      1.0, static_cast<double>(kScaleEvery) / std::min(kSettling, static_cast<double>(ticks_)));
  scale_.center_x += (now.center_x - scale_.center_x) * part;
  scale_.center_y += (now.center_y - scale_.center_y) * part;
  scale_.width += (now.width - scale_.width) * part;
}

bool CausalPose::tick(double now_s) {
  // The first frame may have arrived after the clock was read.
  if (now_s < next_tick_ && ticks_ > 0) return false;
  const double due = std::max(1.0, std::floor((now_s - next_tick_) * fps_) + 1);
  const double skipped = std::max(0.0, due - static_cast<double>(kMostAtOnce));
  for (double i = skipped; i < due; ++i) {
    const Points points = at(next_tick_ + i / fps_);
    for (std::size_t joint = 0; joint < kJoints; ++joint) {
      for (const float value : {points[2 * joint], points[2 * joint + 1], 1.0F}) {
        remembered_.data.push_back(value);
      }
    }
    ++remembered_.frames;
    ++ticks_;
    if (ticks_ <= kScaleEvery || ticks_ % kScaleEvery == 0) follow_scale();
  }
  next_tick_ += due / fps_;
  const auto most = static_cast<std::int64_t>(kMemory * fps_);
  if (remembered_.frames > most + kMostAtOnce) {
    const std::int64_t old = remembered_.frames - most;
    remembered_.data.erase(
        remembered_.data.begin(),
        remembered_.data.begin() + old * static_cast<std::int64_t>(kFrameValues));
    remembered_.frames = most;
  }
  return true;
}

void CausalPose::normalise(const Points& points, float* to) const {
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double center = i % 2 == 0 ? scale_.center_x : scale_.center_y;
    to[i] = static_cast<float>((static_cast<double>(points[i]) - center) / scale_.width);
  }
}

std::array<float, 2 * kPoseWidth> CausalPose::pair(double now_s) const {
  const bool fresh = now_s - newest_s() < kFresh;
  const double when = fresh ? newest_s() : now_s;
  std::array<float, 2 * kPoseWidth> result;
  normalise(at(fresh ? when - 1 / fps_ : when), result.data());
  normalise(at(when), result.data() + kPoseWidth);
  return result;
}

std::vector<float> CausalPose::window(std::int64_t frames) const {
  const std::int64_t count = std::min(frames, remembered_.frames);
  std::vector<float> result(static_cast<std::size_t>(count * kPoseWidth));
  for (std::int64_t i = 0; i < count; ++i) {
    const float* from = remembered_.joint(remembered_.frames - count + i, 0);
    Points points;
    for (std::size_t joint = 0; joint < kJoints; ++joint) {
      points[2 * joint] = from[joint * kJointValues];
      points[2 * joint + 1] = from[joint * kJointValues + 1];
    }
    normalise(points, result.data() + i * kPoseWidth);
  }
  return result;
}

void CausalPose::forget_movement() {
  while (seen_.size() > 1) seen_.pop_front();
}

}  // namespace minet::pose
