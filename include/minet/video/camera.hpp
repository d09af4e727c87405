// Frames from a camera, and a player's keypoints in each of them as a line of JSON.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "minet/video/frame_reader.hpp"

namespace minet::video {

// A camera by its number ("0"), or a video played in its place: in real time, so that a slow reader
// misses frames.
class Camera {
 public:
  // InputError if there is no such camera or video.
  explicit Camera(const std::string& which);
  ~Camera();
  Camera(const Camera&) = delete;
  Camera& operator=(const Camera&) = delete;

  // Waits for the next frame; its time is in seconds of a monotonic clock. False at a video's end,
  // or if a stop is requested; WorkError if a camera gives no more frames.
  bool next(Frame& frame);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct CameraKeypointOptions {
  std::filesystem::path networks;            // the folder of the five .tflite files
  std::string device = "cpu";                // where they run (minet/vision/estimator.hpp)
  std::optional<int> person = std::nullopt;  // of several people, from 0, from the left
  // Receives a line for each frame (docs/live.md), without newline; false ends the work.
  std::function<bool(std::string_view)> line;
};

// Runs until the video ends or a stop is requested; WorkError if a camera gives no more frames.
// InputError if the requested person is not among those in the first frames with people.
void follow_camera(const std::string& which, const CameraKeypointOptions& options);

}  // namespace minet::video
