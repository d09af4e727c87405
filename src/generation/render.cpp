#include "minet/generation/render.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "minet/models/spectrograms.hpp"

namespace minet::generation {

audio::Spectrogram decode_magnitudes(models::Model& model, const at::Tensor& codes) {
  at::NoGradGuard no_grad;
  model.eval();
  const at::Tensor decoded =
      model.vqvae->decode_long(codes.unsqueeze(0).to(model.device()));  // [1, F, T]
  return models::to_magnitudes(model.scale, decoded[0]);
}

audio::Sound render(models::Model& model, const at::Tensor& codes,
                    const audio::InversionOptions& options) {
  audio::Sound sound =
      audio::invert(decode_magnitudes(model, codes), model.config.spectrogram, options);
  float peak = 0;
  for (const float sample : sound.samples) peak = std::max(peak, std::abs(sample));
  if (peak > 1) {
    for (float& sample : sound.samples) sample /= peak;
  }
  return sound;
}

}  // namespace minet::generation
