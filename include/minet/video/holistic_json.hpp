// Writes everything that was found in every frame, unfilled and at the frames' own times: the
// project's file format for MediaPipe's points (docs/keypoints.md), which every program reads.
#pragma once

#include <filesystem>
#include <optional>

#include "minet/core/files.hpp"
#include "minet/video/frame_reader.hpp"
#include "minet/vision/estimator.hpp"

namespace minet::video {

// Atomic: nothing appears before `commit`.
class HolisticJson {
 public:
  explicit HolisticJson(const std::filesystem::path& path, bool replace = false);
  void add(const Frame& frame, const std::optional<vision::Player>& player);
  void commit();

 private:
  FileWriter writer_;
  bool first_ = true;
};

}  // namespace minet::video
