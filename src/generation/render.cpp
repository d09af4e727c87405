#include "minet/generation/render.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "minet/models/spectrograms.hpp"

namespace minet::generation {
namespace {

constexpr std::int64_t kChunk = 512;  // frames decoded at a time: a stop request waits for them

// The codes' magnitudes in order, decoded on demand.
class Decoding {
 public:
  Decoding(models::Model& model, const at::Tensor& codes)
      : model_(model), codes_(codes.unsqueeze(0).to(model.device())) {  // [1, T]
    model.eval();
  }

  void next(std::int64_t frames, float* into) {
    while (frames > 0) {
      if (used_ == decoded_.frames) decode();
      const std::int64_t count = std::min(frames, decoded_.frames - used_);
      const float* from = decoded_.values.data() + used_ * decoded_.bins;
      into = std::copy(from, from + count * decoded_.bins, into);
      used_ += count;
      frames -= count;
    }
  }

 private:
  void decode() {
    const std::int64_t frames = std::min(kChunk, codes_.size(1) - first_);
    const at::Tensor part = model_.vqvae->decode_part(codes_, first_, frames);  // [1, F, frames]
    decoded_ = models::to_magnitudes(model_.scale, part[0]);
    first_ += frames;
    used_ = 0;
  }

  models::Model& model_;
  at::Tensor codes_;
  audio::Spectrogram decoded_{};
  std::int64_t first_ = 0;  // the first code not yet decoded
  std::int64_t used_ = 0;   // frames used of `decoded_`
};

}  // namespace

audio::Sound render(models::Model& model, const at::Tensor& codes,
                    const audio::InversionOptions& options) {
  const config::SpectrogramConfig& shape = model.config.spectrogram;
  Decoding decoding(model, codes);
  audio::Sound sound{.sample_rate = static_cast<int>(shape.sample_rate), .samples = {}};
  sound.samples.reserve(static_cast<std::size_t>(codes.size(0) * shape.hop));
  audio::invert_in_passing(
      codes.size(0), [&](std::int64_t frames, float* into) { decoding.next(frames, into); },
      [&](std::span<const float> samples) {
        sound.samples.insert(sound.samples.end(), samples.begin(), samples.end());
      },
      shape, options);
  float peak = 0;
  for (const float sample : sound.samples) peak = std::max(peak, std::abs(sample));
  if (peak > 1) {
    for (float& sample : sound.samples) sample /= peak;
  }
  return sound;
}

}  // namespace minet::generation
