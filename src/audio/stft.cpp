// Framing, windowing and overlap-add around the transform of fourier.hpp.
#include "minet/audio/stft.hpp"

#include <algorithm>
#include <cmath>

#include "audio/fourier.hpp"
#include "core/clones.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

MINET_CLONES void multiply(std::int64_t count, const float* __restrict a, const float* __restrict b,
                           float* __restrict product) {
  for (std::int64_t i = 0; i < count; ++i) product[i] = a[i] * b[i];
}

// scratch = window * samples[start ...], zeros outside the sound.
void take_frame(std::span<const float> samples, std::int64_t start, const Fourier& fourier,
                float* scratch) {
  const auto count = static_cast<std::int64_t>(samples.size());
  const std::int64_t size = fourier.size();
  const std::int64_t from = std::clamp<std::int64_t>(-start, 0, size);
  const std::int64_t to = std::clamp<std::int64_t>(count - start, from, size);
  std::fill(scratch, scratch + from, 0.0F);
  const float* in = from < to ? samples.data() + (start + from) : nullptr;
  multiply(to - from, in, fourier.window() + from, scratch + from);
  std::fill(scratch + to, scratch + size, 0.0F);
}

void check_size(std::size_t got, std::int64_t frames, std::int64_t bins) {
  if (got != static_cast<std::size_t>(frames * bins)) {
    throw InputError(text("expected room for ", frames, " frames of ", bins,
                          " bins in a transform, got ", got, " values"));
  }
}

std::int64_t clip_frames(std::span<const float> samples, const StftShape& shape) {
  const auto beyond = static_cast<std::int64_t>(samples.size()) - shape.n_fft;
  if (beyond < 0 || beyond % shape.hop != 0) {
    throw InputError(text("expected (frames - 1) * ", shape.hop, " + ", shape.n_fft,
                          " samples for a clip with its margins, got ", samples.size()));
  }
  return beyond / shape.hop + 1;
}

// Calls use(t, spectrum) for each frame; frame t starts at sample t * hop - lead.
template <class Use>
void each_frame(std::span<const float> samples, std::int64_t frames, std::int64_t lead,
                const StftShape& shape, const Fourier& fourier, Use use) {
  const auto scratch = make_aligned<float>(shape.n_fft);
  const auto spectrum = make_aligned<std::complex<float>>(fourier.bins());
  for (std::int64_t t = 0; t < frames; ++t) {
    take_frame(samples, t * shape.hop - lead, fourier, scratch.get());
    fourier.forward(scratch.get(), spectrum.get());
    use(t, spectrum.get());
  }
}

MINET_CLONES void write_magnitudes(const std::complex<float>* spectrum, std::int64_t bins,
                                   float* __restrict out) {
  const float* parts = reinterpret_cast<const float*>(spectrum);  // re, im, re, im, ...
  for (std::int64_t k = 0; k < bins; ++k) {
    const float re = parts[2 * k];
    const float im = parts[2 * k + 1];
    out[k] = std::sqrt(re * re + im * im);
  }
}

}  // namespace

Stft::Stft(StftShape shape) : shape_(shape) {
  if (shape.n_fft < 16 || shape.n_fft > 65536 || shape.n_fft % 2 != 0 || shape.hop < 1 ||
      shape.hop > shape.n_fft / 4) {
    throw InputError(text(
        "expected n_fft even from 16 to 65536 and hop from 1 to n_fft / 4 for the spectrogram, "
        "got n_fft ",
        shape.n_fft, " and hop ", shape.hop));
  }
  fourier_ = Fourier::get(shape.n_fft);
}

Stft::~Stft() = default;
Stft::Stft(Stft&&) noexcept = default;
Stft& Stft::operator=(Stft&&) noexcept = default;

void Stft::forward(std::span<const float> samples, std::span<std::complex<float>> frames) const {
  const std::int64_t count = frames_of(static_cast<std::int64_t>(samples.size()));
  check_size(frames.size(), count, bins());
  each_frame(samples, count, shape_.n_fft / 2, shape_, *fourier_,
             [&](std::int64_t t, const std::complex<float>* spectrum) {
               std::copy(spectrum, spectrum + bins(), frames.data() + t * bins());
             });
}

void Stft::forward_clip(std::span<const float> samples,
                        std::span<std::complex<float>> frames) const {
  const std::int64_t count = clip_frames(samples, shape_);
  check_size(frames.size(), count, bins());
  each_frame(samples, count, 0, shape_, *fourier_,
             [&](std::int64_t t, const std::complex<float>* spectrum) {
               std::copy(spectrum, spectrum + bins(), frames.data() + t * bins());
             });
}

void Stft::magnitudes(std::span<const float> samples, std::int64_t kept,
                      std::span<float> out) const {
  const std::int64_t count = frames_of(static_cast<std::int64_t>(samples.size()));
  check_size(out.size(), count, std::clamp<std::int64_t>(kept, 0, bins()));
  each_frame(samples, count, shape_.n_fft / 2, shape_, *fourier_,
             [&](std::int64_t t, const std::complex<float>* spectrum) {
               write_magnitudes(spectrum, kept, out.data() + t * kept);
             });
}

void Stft::magnitudes_clip(std::span<const float> samples, std::int64_t kept,
                           std::span<float> out) const {
  const std::int64_t count = clip_frames(samples, shape_);
  check_size(out.size(), count, std::clamp<std::int64_t>(kept, 0, bins()));
  each_frame(samples, count, 0, shape_, *fourier_,
             [&](std::int64_t t, const std::complex<float>* spectrum) {
               write_magnitudes(spectrum, kept, out.data() + t * kept);
             });
}

void Stft::inverse(std::span<const std::complex<float>> frames, std::span<float> samples) const {
  const auto count = static_cast<std::int64_t>(frames.size()) / bins();
  check_size(frames.size(), count, bins());
  const auto length = static_cast<std::int64_t>(samples.size());
  std::vector<float> envelope(samples.size());
  inverse_envelope(*fourier_, shape_.hop, count, 0, envelope);
  const auto scratch = make_aligned<float>(shape_.n_fft);
  const auto spectrum = make_aligned<std::complex<float>>(bins());
  std::fill(samples.begin(), samples.end(), 0.0F);
  for (std::int64_t t = 0; t < count; ++t) {
    const auto* row = frames.data() + t * bins();
    std::copy(row, row + bins(), spectrum.get());
    fourier_->backward(spectrum.get(), scratch.get());
    const std::int64_t start = t * shape_.hop - shape_.n_fft / 2;
    const std::int64_t from = std::clamp<std::int64_t>(-start, 0, shape_.n_fft);
    const std::int64_t to = std::clamp<std::int64_t>(length - start, from, shape_.n_fft);
    if (from == to) continue;
    float* out = samples.data() + (start + from);
    const float* in = scratch.get() + from;
    const float* window = fourier_->synthesis() + from;
    for (std::int64_t i = 0; i < to - from; ++i) out[i] += in[i] * window[i];
  }
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] *= envelope[i];
}

}  // namespace minet::audio
