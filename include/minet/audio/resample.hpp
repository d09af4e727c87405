// Sample rate conversion with libsoxr at its high quality (20 bits, linear phase): the engine and
// quality that librosa uses by default, so that the Python package `soxr` is an exact reference.
#pragma once

#include <memory>
#include <span>
#include <vector>

namespace minet::audio {

// Resamples a sound that arrives in pieces. Equal rates copy.
class Resampler {
 public:
  Resampler(int from, int to);  // Hz; InputError outside 4 to 192 kHz
  ~Resampler();
  Resampler(const Resampler&) = delete;
  Resampler& operator=(const Resampler&) = delete;
  void push(std::span<const float> samples, std::vector<float>& out);  // appends what is ready
  void finish(std::vector<float>& out);                                // appends the rest

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::vector<float> resample(std::span<const float> samples, int from, int to);

}  // namespace minet::audio
