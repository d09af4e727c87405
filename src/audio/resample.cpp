// Streaming resampler based on libsoxr: https://sourceforge.net/p/soxr/wiki/Home/
#include "minet/audio/resample.hpp"

#include <soxr.h>

#include <cmath>
#include <cstdint>

#include "minet/audio/sound.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {

struct Resampler::State {
  soxr_t soxr = nullptr;  // nullptr: equal rates
  std::vector<float> block = std::vector<float>(16384);
  ~State() {
    if (soxr != nullptr) soxr_delete(soxr);
  }
  void process(const float* in, std::size_t count, std::vector<float>& out) {
    for (;;) {
      std::size_t used = 0;
      std::size_t made = 0;
      const soxr_error_t error =
          soxr_process(soxr, in, count, &used, block.data(), block.size(), &made);
      if (error != nullptr) throw WorkError(text("the resampler stopped: ", error));
      out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(made));
      if (in != nullptr) in += used;
      count -= used;
      if (made < block.size() && count == 0) return;
    }
  }
};

Resampler::Resampler(int from, int to) : state_(std::make_unique<State>()) {
  for (const int rate : {from, to}) {
    if (rate < kMinSampleRate || rate > kMaxSampleRate) {
      throw InputError(text("expected sample rates of ", kMinSampleRate, " to ", kMaxSampleRate,
                            " Hz, got ", rate, " Hz"));
    }
  }
  if (from == to) return;
  soxr_error_t error = nullptr;
  const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  const soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
  state_->soxr = soxr_create(from, to, 1, &error, &io, &quality, &runtime);
  if (error != nullptr) throw WorkError(text("the resampler did not start: ", error));
}

Resampler::~Resampler() = default;

void Resampler::push(std::span<const float> samples, std::vector<float>& out) {
  if (samples.empty()) return;
  if (state_->soxr == nullptr) {
    out.insert(out.end(), samples.begin(), samples.end());
  } else {
    state_->process(samples.data(), samples.size(), out);
  }
}

void Resampler::finish(std::vector<float>& out) {
  if (state_->soxr != nullptr) state_->process(nullptr, 0, out);
}

std::vector<float> resample(std::span<const float> samples, int from, int to) {
  Resampler resampler(from, to);
  std::vector<float> out;
  out.reserve(static_cast<std::size_t>(
      std::ceil(static_cast<double>(samples.size()) * static_cast<double>(to) / from) + 1));
  resampler.push(samples, out);
  resampler.finish(out);
  return out;
}

}  // namespace minet::audio
