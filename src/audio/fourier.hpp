// A real Fourier transform of one size with its Hann window, and aligned memory for it.
// https://www.fftw.org/fftw3_doc/Real_002ddata-DFTs.html
#pragma once

#include <fftw3.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

namespace minet::audio {

struct FftwFree {
  void operator()(void* memory) const { fftwf_free(memory); }
};
template <class T>
using AlignedArray = std::unique_ptr<T[], FftwFree>;

// Zero-initialised memory, aligned for FFTW's SIMD code.
template <class T>
AlignedArray<T> make_aligned(std::int64_t count) {
  auto* memory = static_cast<T*>(fftwf_malloc(static_cast<std::size_t>(count) * sizeof(T)));
  if (memory == nullptr) throw std::bad_alloc();
  for (std::int64_t i = 0; i < count; ++i) new (memory + i) T();
  return AlignedArray<T>(memory);
}

// Thread-safe if each thread uses its own arrays (from make_aligned).
class Fourier {
 public:
  // The shared transform of this size, created on first use.
  static std::shared_ptr<const Fourier> get(std::int64_t size);
  ~Fourier();
  Fourier(const Fourier&) = delete;
  Fourier& operator=(const Fourier&) = delete;

  std::int64_t size() const { return size_; }
  std::int64_t bins() const { return size_ / 2 + 1; }
  const float* window() const { return window_.data(); }        // periodic Hann, [size]
  const float* synthesis() const { return synthesis_.data(); }  // window / size, [size]
  const float* squared() const { return squared_.data(); }      // window^2, [size]
  void forward(float* real, std::complex<float>* spectrum) const;
  void backward(std::complex<float>* spectrum, float* real) const;  // times size; destroys spectrum

 private:
  explicit Fourier(std::int64_t size);
  std::int64_t size_;
  fftwf_plan forward_ = nullptr;
  fftwf_plan backward_ = nullptr;
  std::vector<float> window_, synthesis_, squared_;
};

// 1 / the sum of the squared windows of `frames` frames, for the samples from `first` on; 0 where
// the sum is (nearly) 0, so that the inverse transform is silent there instead of dividing by
// almost nothing.
void inverse_envelope(const Fourier& fourier, std::int64_t hop, std::int64_t frames,
                      std::int64_t first, std::span<float> envelope);

}  // namespace minet::audio
