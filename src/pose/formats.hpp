// The readers behind read_pose, one for each format.
#pragma once

#include <filesystem>

#include "minet/pose/readers.hpp"

namespace minet::pose {

RawPose read_openpose(const std::filesystem::path& path, const ReadPoseOptions& options);
// Solos or our own .npy; `options.format` says which, automatic by magic bytes and shape.
RawPose read_array(const std::filesystem::path& path, const ReadPoseOptions& options);

}  // namespace minet::pose
