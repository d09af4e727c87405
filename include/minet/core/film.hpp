// When the pictures of a film are shown, as the program ffprobe says (it comes with ffmpeg).
//
// One clock for everything that is taken from a film: seconds from the container's start, which is
// the earlier of its first picture and its first sound. Sound is decoded onto this clock, and
// scripts/extract_keypoints.py writes its times on it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace minet {

struct Film {
  std::vector<double> times;  // s, rising: one a picture
  double seconds = 0;         // to the end of the last picture

  double fps() const;  // one over the median distance; 0 for a single picture
};

// nullopt: no film (sound without pictures, or a cover; no file of this kind at all), or ffprobe is
// not installed. WorkError if ffprobe is killed.
std::optional<Film> read_film(const std::filesystem::path& path);

// ffmpeg's and ffprobe's options for reading this local file and nothing else: no network, and none
// of the formats that name other files (play lists, concatenations).
std::vector<std::string> ffmpeg_input(const std::filesystem::path& path);

// Whether the name's extension is a video's: for messages.
bool is_video_name(const std::filesystem::path& path);

}  // namespace minet
