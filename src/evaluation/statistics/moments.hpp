// A frame's position relative to the notes: at an onset, inside a note, in a rest, or in between.
//
// onset     within 50 ms of the onset of any note, before or after
// sustain   inside a note, 100 ms or more from every onset and from the end of every note
// rest      no note sounds, and every onset and every end is 100 ms or more away
// between   the others: frames whose window contains an onset or an end but is not at it, and ends
// A frame's window is 128 ms long in the presets, and its code depends on some frames around it:
// hence the gap between onset and sustain.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "minet/score/note.hpp"

namespace minet::evaluation {

inline constexpr double kOnsetReachS = 0.05;
inline constexpr double kClearS = 0.1;

enum class Moment { onset, sustain, rest, between };
inline constexpr std::array kMoments{Moment::onset, Moment::sustain, Moment::rest, Moment::between};
const char* name_of(Moment moment);  // "onset"

struct FrameGrid {
  std::int64_t frames = 0;
  double rate = 0;     // frames per second
  double start_s = 0;  // of frame 0, on the notes' clock
};
std::vector<Moment> moments_of(std::span<const score::Note> notes, const FrameGrid& grid);

// A mean over frames with clips as the unit of uncertainty, as frames of a clip are alike. Every
// frame weighs the same, so that the means of parts, weighted by their frames, give the overall
// mean. The standard error is that of a ratio of sums over clips, sqrt(C / (C - 1) sum (S_c - R
// n_c)^2) / N for C clips with frames, sums S_c, frame counts n_c, their total N and the mean R.
class ClipMean {
 public:
  void add(double sum, std::int64_t frames);  // adds one clip; ignored without frames
  std::int64_t frames() const { return frames_; }
  std::int64_t clips() const { return static_cast<std::int64_t>(clips_.size()); }
  double value() const;           // 0 without frames
  double standard_error() const;  // 0 with fewer than two clips

 private:
  struct Clip {
    double sum;
    double frames;
  };
  std::vector<Clip> clips_;
  double sum_ = 0;
  std::int64_t frames_ = 0;
};

}  // namespace minet::evaluation
