#include "evaluation/statistics/moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace minet::evaluation {
namespace {

// Frame times and notes lie on different grids; tolerance that keeps times on a border there
// despite rounding.
constexpr double kRoundingS = 1e-9;

Moment moment_at(std::span<const score::Note> notes, double time) {
  double to_onset = std::numeric_limits<double>::infinity(), to_edge = to_onset;
  bool sounding = false;
  for (const score::Note& note : notes) {
    to_onset = std::min(to_onset, std::abs(time - note.onset_s));
    to_edge = std::min({to_edge, to_onset, std::abs(time - note.end_s())});
    sounding |= time >= note.onset_s && time < note.end_s();
  }
  if (to_onset <= kOnsetReachS + kRoundingS) return Moment::onset;
  if (to_edge < kClearS - kRoundingS) return Moment::between;
  return sounding ? Moment::sustain : Moment::rest;
}

}  // namespace

const char* name_of(Moment moment) {
  switch (moment) {
    case Moment::onset:
      return "onset";
    case Moment::sustain:
      return "sustain";
    case Moment::rest:
      return "rest";
    case Moment::between:
      return "between";
  }
  return "";
}

std::vector<Moment> moments_of(std::span<const score::Note> notes, const FrameGrid& grid) {
  std::vector<score::Note> near;  // those that can affect a frame of the grid
  const double end_s = grid.start_s + static_cast<double>(grid.frames) / grid.rate;
  for (const score::Note& note : notes) {
    if (note.end_s() >= grid.start_s - kClearS && note.onset_s <= end_s + kClearS) {
      near.push_back(note);
    }
  }
  std::vector<Moment> moments;
  for (std::int64_t frame = 0; frame < grid.frames; ++frame) {
    moments.push_back(moment_at(near, grid.start_s + static_cast<double>(frame) / grid.rate));
  }
  return moments;
}

void ClipMean::add(double sum, std::int64_t frames) {
  if (frames == 0) return;
  clips_.push_back({sum, static_cast<double>(frames)});
  sum_ += sum;
  frames_ += frames;
}

double ClipMean::value() const {
  return frames_ == 0 ? 0 : sum_ / static_cast<double>(frames_);
}

double ClipMean::standard_error() const {
  if (clips_.size() < 2) return 0;
  const double mean = value(), count = static_cast<double>(clips_.size());
  double squares = 0;
  for (const Clip& clip : clips_) {
    const double residual = clip.sum - mean * clip.frames;
    squares += residual * residual;
  }
  return std::sqrt(squares * count / (count - 1)) / static_cast<double>(frames_);
}

}  // namespace minet::evaluation
