// The frame times of a video, read with ffprobe (part of ffmpeg).
//
// Everything taken from a video uses one clock: seconds from the start of the container, which is
// the earlier of its first frame and its first sound sample. Sound is decoded onto this clock, and
// the film's pictures are decoded onto it too (minet/video/frame_reader.hpp).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace minet {

struct Film {
  std::vector<double> times;  // s, increasing: one per frame
  double seconds = 0;         // until the end of the last frame

  double fps() const;  // 1 / the median frame interval; 0 for a single frame
};

// nullopt if the file is no video (sound alone, sound with a cover picture, anything else) or
// ffprobe is not installed. WorkError if ffprobe is killed.
std::optional<Film> read_film(const std::filesystem::path& path);

// Options that let ffmpeg and ffprobe read this local file only: no network, and no format that
// refers to other files (playlists, concatenation).
std::vector<std::string> ffmpeg_input(const std::filesystem::path& path);

// Whether the extension is that of a video format; for messages.
bool is_video_name(const std::filesystem::path& path);

}  // namespace minet
