// The readers behind read_pose, one per format, and the recognition of formats.
#pragma once

#include <filesystem>

#include "minet/pose/readers.hpp"

namespace minet::pose {

RawPose read_openpose(const std::filesystem::path& path, const ReadPoseOptions& options);
// Solos, Foley-Music or our own .npy, as `options.format` says; `automatic` tells them apart by
// magic bytes and shape.
RawPose read_array(const std::filesystem::path& path, const ReadPoseOptions& options);
// MMPose predictions and COCO results, or AlphaPose; they differ only in name.
RawPose read_instances(const std::filesystem::path& path, const ReadPoseOptions& options,
                       bool alphapose);
RawPose read_mediapipe(const std::filesystem::path& path, const ReadPoseOptions& options);
RawPose read_deeplabcut(const std::filesystem::path& path, const ReadPoseOptions& options);

// By file or folder, extension, first bytes or first record; `automatic` for .npy files, which
// their reader tells apart by shape. InputError if it is none.
PoseFormat recognise_format(const std::filesystem::path& path);

}  // namespace minet::pose
