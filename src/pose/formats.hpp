// The readers behind read_pose, one for each format, and how a format is recognised.
#pragma once

#include <filesystem>

#include "minet/pose/readers.hpp"

namespace minet::pose {

RawPose read_openpose(const std::filesystem::path& path, const ReadPoseOptions& options);
// Solos, Foley-Music or our own .npy; `options.format` says which, automatic by magic bytes and
// shape.
RawPose read_array(const std::filesystem::path& path, const ReadPoseOptions& options);
// MMPose predictions and COCO results, or AlphaPose: they differ in name only.
RawPose read_instances(const std::filesystem::path& path, const ReadPoseOptions& options,
                       bool alphapose);
RawPose read_mediapipe(const std::filesystem::path& path, const ReadPoseOptions& options);
RawPose read_deeplabcut(const std::filesystem::path& path, const ReadPoseOptions& options);

// By the path's kind, extension, first bytes or first record; `automatic` for .npy files, whose
// reader goes by the shape. InputError if it is none.
PoseFormat recognise_format(const std::filesystem::path& path);

}  // namespace minet::pose
