// The frame times of a video, read with ffprobe (part of ffmpeg).
//
// Everything taken from a video uses one clock: seconds from the start of the container, which is
// the earlier of its first frame and its first sound sample. Both sound and frames are decoded
// onto this clock (frames: minet/video/frame_reader.hpp).
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

// nullopt if the file is not a video (sound alone, sound with a cover image, anything else) or
// ffprobe is not installed. WorkError if ffprobe is killed.
std::optional<Film> read_film(const std::filesystem::path& path);

// The path of the program ffmpeg, to write a video with. InputError if it is not installed.
std::string require_ffmpeg();
inline constexpr double kFilmSeconds = 4 * 3600;  // the longest time ffmpeg may take for a video

// Options that restrict ffmpeg and ffprobe to this local file: no network, and no format that
// refers to other files (playlists, concatenation).
std::vector<std::string> ffmpeg_input(const std::filesystem::path& path);

// The same for ffmpeg if not all of the file's streams are used. Of MPEG's own containers (.ts,
// .mts, .mpg) it then counts the time from the first stream that is used; this has it count from
// the start of the container.
std::vector<std::string> ffmpeg_input_from_start(const std::filesystem::path& path);

// Whether the extension is that of a video format; used in messages.
bool is_video_name(const std::filesystem::path& path);

}  // namespace minet
