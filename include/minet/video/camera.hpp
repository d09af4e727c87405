// Pictures as a camera gives them, and a player's keypoints in each as a line of JSON.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "minet/video/frame_reader.hpp"

namespace minet::video {

// A camera by its number ("0"), or a film that plays in its place: at its own pace, and who is slow
// misses pictures.
class Camera {
 public:
  // InputError where there is no such camera, or no such film.
  explicit Camera(const std::string& which);
  ~Camera();
  Camera(const Camera&) = delete;
  Camera& operator=(const Camera&) = delete;

  // Waits for the next picture; its time is seconds of a clock that never jumps. False at a film's
  // end, or where a stop is requested; WorkError where a camera gives no more pictures.
  bool next(Frame& frame);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct CameraKeypointOptions {
  std::filesystem::path networks;            // the folder of the five .tflite files
  std::string device = "cpu";                // where they run (minet/vision/estimator.hpp)
  std::optional<int> person = std::nullopt;  // of several, from 0, from the left
  // Gets a line for each picture (docs/live.md), without its end; false ends the work.
  std::function<bool(std::string_view)> line;
};

// Until the film ends or a stop is requested; WorkError where a camera gives no more pictures.
void follow_camera(const std::string& which, const CameraKeypointOptions& options);

}  // namespace minet::video
