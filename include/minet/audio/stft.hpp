// Short-time Fourier transform with FFTW, single precision: periodic Hann window of n_fft samples.
//
// Frame t is centred on sample t * hop, with zeros outside the sound, like librosa.stft with
// pad_mode="constant". Plans are made once per process for each size (FFTW's planner is not
// thread-safe, execution is), with FFTW_ESTIMATE and not by measuring, so that results are the same
// bit for bit in every run.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <span>

namespace minet::audio {

struct StftShape {
  std::int64_t n_fft = 2048;  // samples, even, 16 to 65536
  std::int64_t hop = 256;     // samples, 1 to n_fft / 4
};

class Fourier;  // src/audio/fourier.hpp

class Stft {
 public:
  explicit Stft(StftShape shape);  // InputError for a shape outside the limits above
  ~Stft();
  Stft(Stft&&) noexcept;
  Stft& operator=(Stft&&) noexcept;

  const StftShape& shape() const { return shape_; }
  std::int64_t bins() const { return shape_.n_fft / 2 + 1; }
  std::int64_t frames_of(std::int64_t samples) const { return samples / shape_.hop + 1; }

  // The whole sound: `frames` is [frames_of(samples), bins()], frame after frame.
  void forward(std::span<const float> samples, std::span<std::complex<float>> frames) const;

  // A clip of a longer sound: `samples` starts n_fft / 2 before the centre of the first frame
  // and ends n_fft / 2 after the centre of the last, (T - 1) * hop + n_fft in all. [T, bins()]
  void forward_clip(std::span<const float> samples, std::span<std::complex<float>> frames) const;

  // |forward| and |forward_clip| without storing complex frames; the first `bins` of each frame.
  void magnitudes(std::span<const float> samples, std::int64_t bins, std::span<float> out) const;
  void magnitudes_clip(std::span<const float> samples, std::int64_t bins,
                       std::span<float> out) const;

  // Least-squares inverse: windowed overlap-add over the sum of squared windows (Griffin and Lim
  // 1984, eq. 6). `samples` may have any length; samples that no frame covers become 0.
  void inverse(std::span<const std::complex<float>> frames, std::span<float> samples) const;

 private:
  StftShape shape_;
  std::shared_ptr<const Fourier> fourier_;
};

}  // namespace minet::audio
