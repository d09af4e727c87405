#include "minet/models/spectrograms.hpp"

namespace minet::models {

audio::Spectrogram to_magnitudes(const audio::SpectrogramScale& scale,
                                 const at::Tensor& standardised) {
  const at::Tensor rows = standardised.detach().t().to(at::kCPU).contiguous();  // [T, F]
  const float* values = rows.const_data_ptr<float>();
  audio::Spectrogram magnitudes{
      .frames = rows.size(0), .bins = rows.size(1), .values = {values, values + rows.numel()}};
  audio::to_linear(scale, magnitudes.values);
  return magnitudes;
}

}  // namespace minet::models
