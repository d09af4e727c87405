// Access to frames, and the .npy file of a prepared sequence.
#include "minet/pose/pose.hpp"

#include <cmath>

#include "minet/core/npy.hpp"
#include "pose/checks.hpp"

namespace minet::pose {
namespace {

std::size_t offset(std::int64_t frame, int joint) {
  return static_cast<std::size_t>(frame) * kFrameValues +
         static_cast<std::size_t>(joint) * kJointValues;
}

}  // namespace

float* PoseSequence::joint(std::int64_t frame, int joint) {
  return data.data() + offset(frame, joint);
}
const float* PoseSequence::joint(std::int64_t frame, int joint) const {
  return data.data() + offset(frame, joint);
}
float* RawPose::joint(std::int64_t frame, int joint) {
  return data.data() + offset(frame, joint);
}
const float* RawPose::joint(std::int64_t frame, int joint) const {
  return data.data() + offset(frame, joint);
}

PoseSequence read_pose_npy(const std::filesystem::path& path, double fps) {
  check_rate(fps, "The frame rate of a pose sequence");
  FloatArray array = read_npy_float(path);
  if (array.shape.size() != 3 || array.shape[0] < 1 || array.shape[1] != kJoints ||
      array.shape[2] != kJointValues) {
    std::string shape;
    for (const std::int64_t size : array.shape) {
      shape += text(shape.empty() ? "" : ", ", size);
    }
    throw InputError(text("expected keypoints of shape (frames, 47, 3) in ", shown(path), ", got (",
                          shape, "); make it with `mi_prepare pose`"));
  }
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    if (!std::isfinite(array.values[i])) {
      throw InputError(text("expected numbers in ", shown(path), ", got NaN or infinity in frame ",
                            i / kFrameValues, "; make it again with `mi_prepare pose`"));
    }
  }
  return {.fps = fps, .frames = array.shape[0], .data = std::move(array.values)};
}

void save_pose_npy(const std::filesystem::path& path, const PoseSequence& pose) {
  save_npy(path, FloatArray{.shape = {pose.frames, kJoints, kJointValues}, .values = pose.data});
}

}  // namespace minet::pose
