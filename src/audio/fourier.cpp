// FFTW plans, cached by size. FFTW_ESTIMATE, because measured plans may differ between runs, and
// with them the last bit of every result.
#include "audio/fourier.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <numbers>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

fftwf_complex* as_fftw(std::complex<float>* values) {
  return reinterpret_cast<fftwf_complex*>(values);  // FFTW guarantees this layout
}

// Below this, only the tail of a window reaches a sample.
constexpr float kLeastEnvelope = 1e-4F;

}  // namespace

std::shared_ptr<const Fourier> Fourier::get(std::int64_t size) {
  static std::mutex mutex;  // also guards FFTW's planner, which is called nowhere else
  static std::map<std::int64_t, std::shared_ptr<const Fourier>> known;
  const std::lock_guard<std::mutex> lock(mutex);
  auto& entry = known[size];
  if (!entry) entry.reset(new Fourier(size));
  return entry;
}

Fourier::Fourier(std::int64_t size) : size_(size) {
  const auto real = make_aligned<float>(size);
  const auto spectrum = make_aligned<std::complex<float>>(bins());
  const int n = static_cast<int>(size);
  forward_ = fftwf_plan_dft_r2c_1d(n, real.get(), as_fftw(spectrum.get()),
                                   FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
  backward_ = fftwf_plan_dft_c2r_1d(n, as_fftw(spectrum.get()), real.get(),
                                    FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
  if (forward_ == nullptr || backward_ == nullptr) {
    throw WorkError(text("FFTW could not plan a transform of ", size, " samples"));
  }
  for (std::int64_t i = 0; i < size; ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(size);
    const double w = 0.5 - 0.5 * std::cos(angle);
    window_.push_back(static_cast<float>(w));
    synthesis_.push_back(static_cast<float>(w / static_cast<double>(size)));
    squared_.push_back(static_cast<float>(w * w));
  }
}

Fourier::~Fourier() {
  if (forward_ != nullptr) fftwf_destroy_plan(forward_);
  if (backward_ != nullptr) fftwf_destroy_plan(backward_);
}

void Fourier::forward(float* real, std::complex<float>* spectrum) const {
  fftwf_execute_dft_r2c(forward_, real, as_fftw(spectrum));
}

void Fourier::backward(std::complex<float>* spectrum, float* real) const {
  fftwf_execute_dft_c2r(backward_, as_fftw(spectrum), real);
}

void inverse_envelope(const Fourier& fourier, std::int64_t hop, std::int64_t frames,
                      std::int64_t first, std::span<float> envelope) {
  const auto count = static_cast<std::int64_t>(envelope.size());
  std::fill(envelope.begin(), envelope.end(), 0.0F);
  // Frames whose window ends after `first` and begins before `first + count`.
  const std::int64_t half = fourier.size() / 2;
  const std::int64_t begin = std::clamp<std::int64_t>((first - half) / hop, 0, frames);
  const std::int64_t end =
      std::clamp<std::int64_t>((first + count + half) / hop + 1, begin, frames);
  for (std::int64_t t = begin; t < end; ++t) {
    const std::int64_t start = t * hop - half - first;  // in `envelope`
    const std::int64_t from = std::max<std::int64_t>(0, -start);
    const std::int64_t to = std::min(fourier.size(), count - start);
    for (std::int64_t i = from; i < to; ++i) {
      envelope[static_cast<std::size_t>(start + i)] += fourier.squared()[i];
    }
  }
  for (float& value : envelope) value = value < kLeastEnvelope ? 0.0F : 1.0F / value;
}

}  // namespace minet::audio
