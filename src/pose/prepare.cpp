// Resampling by time stamp, normalisation and windows.
#include "minet/pose/prepare.hpp"

#include <algorithm>
#include <cmath>

#include "minet/core/signals.hpp"
#include "pose/checks.hpp"

namespace minet::pose {
namespace {

// Time stamps that differ by at most this, in frames, are equal.
constexpr double kSame = 1e-6;

// A position between frame `index` (weight 0) and the next one (weight 1).
struct Place {
  std::int64_t index = 0;
  double weight = 0;
};

Place snap(std::int64_t index, double weight, std::int64_t frames) {
  if (weight <= kSame || index + 1 >= frames) {
    return {index, 0};
  }
  return weight >= 1 - kSame ? Place{index + 1, 0} : Place{index, weight};
}

double blend(float a, float b, double weight) {
  return static_cast<double>(a) * (1 - weight) + static_cast<double>(b) * weight;
}

void check_times(const RawPose& pose) {
  bool good = !pose.times.empty() && pose.times.front() >= 0 && std::isfinite(pose.times.back());
  for (std::size_t i = 1; i < pose.times.size(); ++i) {
    good = good && pose.times[i] > pose.times[i - 1];
  }
  if (!good || pose.data.size() != pose.times.size() * kFrameValues) {
    throw InputError(text("expected rising time stamps and 141 numbers for each of ",
                          pose.times.size(), " frames of keypoints, got something else"));
  }
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) {
    return *middle;
  }
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double median_length(const PoseSequence& pose, int a, int b) {
  std::vector<double> lengths;
  lengths.reserve(static_cast<std::size_t>(pose.frames));
  for (std::int64_t frame = 0; frame < pose.frames; ++frame) {
    const float *p = pose.joint(frame, a), *q = pose.joint(frame, b);
    lengths.push_back(std::hypot(static_cast<double>(p[0]) - static_cast<double>(q[0]),
                                 static_cast<double>(p[1]) - static_cast<double>(q[1])));
  }
  return median(std::move(lengths));
}

double median_coordinate(const PoseSequence& pose, int joint, int axis) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(pose.frames));
  for (std::int64_t frame = 0; frame < pose.frames; ++frame) {
    values.push_back(pose.joint(frame, joint)[axis]);
  }
  return median(std::move(values));
}

// The median shoulder distance, or a substitute.
double shoulder_width(const PoseSequence& pose) {
  // A length below this share of a neighbouring one is not usable: a joint that was never seen sits
  // on its parent.
  constexpr double kDegenerate = 0.02;
  const double right = median_length(pose, kNeck, kRightShoulder);
  const double left = median_length(pose, kNeck, kLeftShoulder);
  const double arm = std::max({median_length(pose, kRightShoulder, kRightElbow),
                               median_length(pose, kLeftShoulder, kLeftElbow),
                               median_length(pose, kRightElbow, kRightWrist),
                               median_length(pose, kLeftElbow, kLeftWrist)});
  const double longest = std::max({right, left, arm});
  constexpr double kNoLength = 1e-6;  // dividing by less could overflow float
  if (longest < kNoLength) return 1;
  const double least = kDegenerate * longest;
  const double across = median_length(pose, kRightShoulder, kLeftShoulder);
  if (across > least && right > least && left > least) {
    return across;
  }
  if (std::max(right, left) > least) {  // one shoulder is missing, or both coincide
    return 2 * std::max(right, left);
  }
  return longest;  // an upper arm or forearm is about as long as the shoulders are wide
}

}  // namespace

PoseSequence resample(const RawPose& pose, double fps) {
  check_rate(fps, "The frame rate to resample keypoints to");
  check_times(pose);
  const double last = pose.times.back() * fps;
  if (last >= static_cast<double>(kMaxFrames)) {
    throw InputError(text("expected keypoints of at most ", kMaxFrames, " frames at ", to_text(fps),
                          " per second, got ", to_text(pose.times.back()),
                          " seconds; split the recording"));
  }
  PoseSequence result{
      .fps = fps, .frames = static_cast<std::int64_t>(std::floor(last + kSame)) + 1, .data = {}};
  result.data.assign(static_cast<std::size_t>(result.frames) * kFrameValues, 0.0F);
  std::int64_t before = 0;  // the last source frame at or before the time
  for (std::int64_t i = 0; i < result.frames; ++i) {
    const double time = static_cast<double>(i) / fps;
    while (before + 1 < pose.frames() && pose.times[static_cast<std::size_t>(before) + 1] <= time) {
      ++before;
    }
    Place place{before, 0};
    if (before + 1 < pose.frames()) {
      const double from = pose.times[static_cast<std::size_t>(before)];
      const double to = pose.times[static_cast<std::size_t>(before) + 1];
      place = snap(before, std::max(0.0, (time - from) / (to - from)), pose.frames());
    }
    for (int joint = 0; joint < kJoints; ++joint) {
      const float* a = pose.joint(place.index, joint);
      const float* b = place.weight > 0 ? pose.joint(place.index + 1, joint) : a;
      float* to = result.joint(i, joint);
      to[0] = static_cast<float>(blend(a[0], b[0], place.weight));
      to[1] = static_cast<float>(blend(a[1], b[1], place.weight));
      to[2] = std::min(a[2], b[2]);
    }
  }
  return result;
}

PoseSequence prepare_pose(const std::filesystem::path& path, const PreparePoseOptions& options,
                          GapReport* report) {
  RawPose raw = read_pose(path, options.read);
  throw_if_stopped_while("reading keypoints");
  try {
    GapReport gaps = fill_gaps(raw, options.gap_confidence, options.gaps);
    if (report != nullptr) {
      *report = std::move(gaps);
    }
    throw_if_stopped_while("reading keypoints");
    return resample(raw, options.fps);
  } catch (const InputError& error) {
    throw InputError(text(shown(path), ": ", error.what()));
  }
}

PoseScale scale_of(const PoseSequence& pose) {
  return {.center_x = median_coordinate(pose, kNeck, 0),
          .center_y = median_coordinate(pose, kNeck, 1),
          .width = shoulder_width(pose)};
}

PoseScale normalise(PoseSequence& pose) {
  if (pose.frames < 1) {
    return {};
  }
  const PoseScale scale = scale_of(pose);
  for (std::int64_t frame = 0; frame < pose.frames; ++frame) {
    for (int joint = 0; joint < kJoints; ++joint) {
      float* at = pose.joint(frame, joint);
      at[0] = static_cast<float>((static_cast<double>(at[0]) - scale.center_x) / scale.width);
      at[1] = static_cast<float>((static_cast<double>(at[1]) - scale.center_y) / scale.width);
    }
  }
  return scale;
}

std::vector<float> pose_window(const PoseSequence& pose, double start_s, std::int64_t frames,
                               double fps) {
  if (pose.frames < 1 || frames < 0 || frames > kMaxFrames || !std::isfinite(start_s) ||
      !(fps > 0)) {
    throw InputError(text("expected a window of keypoints within a sequence, got ", frames,
                          " frames from ", to_text(start_s), " s of a sequence of ", pose.frames,
                          " frames"));
  }
  std::vector<float> window(static_cast<std::size_t>(frames * kPoseWidth));
  const auto last = static_cast<double>(pose.frames - 1);
  for (std::int64_t i = 0; i < frames; ++i) {
    const double time = start_s + static_cast<double>(i) / fps;
    const double position = std::clamp(time * pose.fps, 0.0, last);
    const double whole = std::floor(position);
    const Place place = snap(static_cast<std::int64_t>(whole), position - whole, pose.frames);
    for (int joint = 0; joint < kJoints; ++joint) {
      const float* a = pose.joint(place.index, joint);
      const float* b = place.weight > 0 ? pose.joint(place.index + 1, joint) : a;
      float* to = window.data() + i * kPoseWidth + 2 * joint;
      to[0] = static_cast<float>(blend(a[0], b[0], place.weight));
      to[1] = static_cast<float>(blend(a[1], b[1], place.weight));
    }
  }
  return window;
}

}  // namespace minet::pose
