// Finds keypoints in a video with the program mi_video: a separate process, so that programs that
// only read keypoint files need not load OpenCV and LibTorch.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "minet/pose/gaps.hpp"

namespace minet::pose {

struct FilmPoseOptions {
  std::optional<int> person = std::nullopt;  // of several people, from 0, from the left
  GapRule gaps = GapRule::paper;
  std::string device = "cpu";  // for mi_video's networks: auto, cpu, cuda or cuda:N
};

// Writes `out` (.npy, float32 [frames, 47, 3] at kPoseFps, on the video's clock) atomically.
// Progress and warnings go to stderr. InputError if the video shows no player or there is no such
// device, WorkError if mi_video is missing.
void write_film_pose(const std::filesystem::path& film, const std::filesystem::path& out,
                     const FilmPoseOptions& options = {});

struct DrawFilmOptions {
  std::optional<std::filesystem::path> film = std::nullopt;  // to draw on; default: a plain ground
  std::optional<std::filesystem::path> notes =
      std::nullopt;  // to show as they sound (minet/video/overlay.hpp)
  GapRule gaps = GapRule::paper;
  std::string device = "cpu";  // for the networks that look for other people
  bool replace = false;
};

// Whether a preview of this name is drawn on video frames: a video (.mp4) or a sheet (.png).
bool is_drawn_on_film(const std::filesystem::path& preview);
// InputError unless it ends in .svg, .png or .mp4, or is empty.
void check_preview_name(const std::filesystem::path& preview);

// Draws keypoints, which are on the video's clock, as a video (.mp4) or a sheet of frames (.png).
void draw_on_film(const std::filesystem::path& keypoints, const std::filesystem::path& out,
                  const DrawFilmOptions& options = {});

}  // namespace minet::pose
