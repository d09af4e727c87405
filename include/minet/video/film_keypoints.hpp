// Finds a player's keypoints in a video, at the times of its frames.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "minet/pose/pose.hpp"
#include "minet/video/frame_reader.hpp"
#include "minet/vision/estimator.hpp"

namespace minet::video {

struct FilmKeypointOptions {
  std::filesystem::path networks;  // the folder of the five .tflite files
  std::string device = "cpu";      // where they run (minet/vision/estimator.hpp)
  // Which of several people: counted from 0, from the left, in the first of the initial frames
  // that shows most of them. Unset: the person seen best in the first frame that shows anybody.
  std::optional<int> person = std::nullopt;
  // Receives every frame with what was found in it; nullopt: nobody.
  std::function<void(const Frame&, const std::optional<vision::Player>&)> each = {};
};

struct FilmKeypoints {
  pose::RawPose raw;  // one frame per video frame; gaps are not filled
  vision::EstimatorCounts counts;
  double seconds_a_picture = 0;  // of the calling thread, without decoding
};

// Shows its progress. InputError if nobody is seen, or fewer people than `person` requires.
FilmKeypoints find_keypoints(const std::filesystem::path& film, const FilmKeypointOptions& options);

}  // namespace minet::video
