// Reads the frames of a video one after another, each with its own time.
//
// Times are the container's (minet/core/film.hpp), on one clock with the video's sound, even with a
// variable frame rate or a late first frame. Frames are upright, whatever rotation a phone
// recorded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "minet/core/film.hpp"
#include "minet/core/picture.hpp"

namespace minet::video {

struct Frame {
  std::int64_t index = 0;  // of the decoded frames, from 0
  double time_s = 0;       // increasing
  Picture picture;         // valid until the next one is read
};

// Holds one frame at a time. InputError if it is not a video, WorkError if ffprobe is missing.
class FrameReader {
 public:
  explicit FrameReader(const std::filesystem::path& path);
  ~FrameReader();
  FrameReader(FrameReader&&) noexcept;
  FrameReader& operator=(FrameReader&&) noexcept;

  int width() const;
  int height() const;
  const Film& film() const;  // the times of all its frames, and its length

  // False at the end. InputError if the video ends much earlier than its container says.
  bool next(Frame& frame);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace minet::video
