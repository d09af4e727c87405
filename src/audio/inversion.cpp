// Griffin-Lim in blocks of frames, everything about a block in cache: add up the overlapping pieces
// of the blocks around it, divide by the window envelope, and for each frame window, transform,
// correct, transform back, window and add into the block's next piece.
#include "minet/audio/inversion.hpp"

#include <algorithm>
#include <barrier>
#include <cmath>
#include <numbers>
#include <thread>

#include "audio/clones.hpp"
#include "audio/fourier.hpp"
#include "audio/phase_gradient.hpp"
#include "minet/audio/stft.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

using Complex = std::complex<float>;

constexpr int kPhases = 4096;              // steps of the random phases around the circle
constexpr std::int64_t kBlockFrames = 64;  // at least; a block reaches into its neighbours only
constexpr float kLargest = 1e15F;          // of a magnitude: squares must stay finite

// u = rebuilt - alpha * previous; previous = rebuilt; rebuilt = target * u / |u|.
MINET_CLONES void correct(std::int64_t bins, float alpha, const float* __restrict target,
                          float* __restrict previous, float* __restrict rebuilt) {
  for (std::int64_t k = 0; k < bins; ++k) {
    const float re = rebuilt[2 * k] - alpha * previous[2 * k];
    const float im = rebuilt[2 * k + 1] - alpha * previous[2 * k + 1];
    previous[2 * k] = rebuilt[2 * k];
    previous[2 * k + 1] = rebuilt[2 * k + 1];
    const float gain = target[k] / std::sqrt(re * re + im * im + 1e-30F);
    rebuilt[2 * k] = re * gain;
    rebuilt[2 * k + 1] = im * gain;
  }
}

MINET_CLONES void correct_plain(std::int64_t bins, const float* __restrict target,
                                float* __restrict rebuilt) {
  for (std::int64_t k = 0; k < bins; ++k) {
    const float re = rebuilt[2 * k];
    const float im = rebuilt[2 * k + 1];
    const float gain = target[k] / std::sqrt(re * re + im * im + 1e-30F);
    rebuilt[2 * k] = re * gain;
    rebuilt[2 * k + 1] = im * gain;
  }
}

MINET_CLONES void multiply(std::int64_t count, const float* __restrict a, const float* __restrict b,
                           float* __restrict product) {
  for (std::int64_t i = 0; i < count; ++i) product[i] = a[i] * b[i];
}

MINET_CLONES void add_product(std::int64_t count, const float* __restrict a,
                              const float* __restrict b, float* __restrict sum) {
  for (std::int64_t i = 0; i < count; ++i) sum[i] += a[i] * b[i];
}

class RandomPhases {
 public:
  explicit RandomPhases(std::uint64_t seed) : random_(derive_seed(seed, "phase")) {
    for (int i = 0; i < kPhases; ++i) {
      const double angle = 2 * std::numbers::pi * i / kPhases;
      circle_.emplace_back(static_cast<float>(std::cos(angle)),
                           static_cast<float>(std::sin(angle)));
    }
  }

  void next(const float* magnitudes, std::int64_t bins, Complex* spectrum) {
    std::uint64_t bits = 0;
    for (std::int64_t k = 0; k < bins; ++k) {
      if (k % 4 == 0) bits = random_.next();
      spectrum[k] = magnitudes[k] * circle_[bits % kPhases];
      bits >>= 16;
    }
  }

 private:
  std::vector<Complex> circle_;
  Random random_;
};

class Inverter {
 public:
  Inverter(const Spectrogram& target, const config::SpectrogramConfig& config,
           const InversionOptions& options, std::int64_t samples)
      : target_(target),
        options_(options),
        fourier_(Fourier::get(config.n_fft)),
        hop_(config.hop),
        size_(config.n_fft),
        block_frames_(std::max(kBlockFrames, (size_ + hop_ - 1) / hop_)),
        blocks_((target.frames + block_frames_ - 1) / block_frames_),
        piece_((block_frames_ - 1) * hop_ + size_),
        alpha_(static_cast<float>(options.momentum / (1 + options.momentum))),
        envelope_(inverse_envelope(*fourier_, hop_, target.frames, samples)),
        pieces_{std::vector<float>(static_cast<std::size_t>(blocks_ * piece_)),
                std::vector<float>(static_cast<std::size_t>(blocks_ * piece_))} {
    if (alpha_ > 0) previous_.resize(static_cast<std::size_t>(2 * target.frames * target.bins));
  }

  std::vector<float> run() {
    start();
    const auto threads = static_cast<std::int64_t>(
        std::clamp<std::int64_t>(options_.threads, 1, std::max<std::int64_t>(1, blocks_)));
    std::vector<Scratch> scratch;
    for (std::int64_t i = 0; i < threads; ++i) scratch.emplace_back(piece_, size_);
    std::barrier<> together(threads);
    const auto work = [&](std::int64_t mine) {
      for (std::int64_t iteration = 0; iteration < options_.iterations; ++iteration) {
        for (std::int64_t b = mine; b < blocks_; b += threads) {
          improve(b, pieces_[iteration % 2], pieces_[(iteration + 1) % 2],
                  scratch[static_cast<std::size_t>(mine)]);
        }
        together.arrive_and_wait();
      }
    };
    std::vector<std::thread> others;
    for (std::int64_t i = 1; i < threads; ++i) others.emplace_back(work, i);
    work(0);
    for (std::thread& other : others) other.join();
    return collect(pieces_[options_.iterations % 2], scratch[0]);
  }

 private:
  struct Scratch {
    Scratch(std::int64_t piece, std::int64_t size)
        : sound(static_cast<std::size_t>(piece)),
          real(make_aligned<float>(size)),
          spectrum(make_aligned<Complex>(size / 2 + 1)) {}
    std::vector<float> sound;
    AlignedArray<float> real;
    AlignedArray<Complex> spectrum;
  };

  std::int64_t frames_in(std::int64_t block) const {
    return std::min(block_frames_, target_.frames - block * block_frames_);
  }

  // spectrum -> windowed samples, added at frame `local` of a piece.
  void synthesise(Scratch& scratch, std::int64_t local, float* piece) const {
    fourier_->backward(scratch.spectrum.get(), scratch.real.get());
    add_product(size_, scratch.real.get(), fourier_->synthesis(), piece + local * hop_);
  }

  // The target with its first phases.
  void start() {
    Scratch scratch(piece_, size_);
    const auto each_frame = [&](const auto& fill) {
      for (std::int64_t t = 0; t < target_.frames; ++t) {
        std::fill_n(scratch.spectrum.get(), fourier_->bins(), Complex());
        fill(t, target_.values.data() + t * target_.bins);
        const std::int64_t block = t / block_frames_;
        synthesise(scratch, t % block_frames_, pieces_[0].data() + block * piece_);
      }
    };
    if (options_.start == PhaseStart::random) {
      RandomPhases phases(options_.seed);
      each_frame([&](std::int64_t, const float* row) {
        phases.next(row, target_.bins, scratch.spectrum.get());
      });
      return;
    }
    PhaseGradient phases(size_, hop_, target_.bins, options_.seed);
    phases.begin(target_.values.data());
    each_frame([&](std::int64_t t, const float* row) {
      const float* after = t + 1 < target_.frames ? row + target_.bins : nullptr;
      phases.next(row, after, scratch.spectrum.get());
    });
  }

  // The sound that block `b`'s frames see: its own piece and what the neighbours' reach into it,
  // over the envelope, zeros outside the sound. Returns the position of its first sample.
  std::int64_t gather(std::int64_t b, const std::vector<float>& pieces, float* sound) const {
    const std::int64_t step = block_frames_ * hop_;  // from a piece to the next
    const std::int64_t overlap = piece_ - step;
    const float* own = pieces.data() + b * piece_;
    std::copy(own, own + piece_, sound);
    if (b > 0) {
      const float* before = own - piece_ + step;
      for (std::int64_t i = 0; i < overlap; ++i) sound[i] += before[i];
    }
    if (b + 1 < blocks_) {
      const float* after = own + piece_;
      for (std::int64_t i = 0; i < overlap; ++i) sound[step + i] += after[i];
    }
    const std::int64_t first = b * step - size_ / 2;
    const auto length = static_cast<std::int64_t>(envelope_.size());
    const std::int64_t from = std::clamp<std::int64_t>(-first, 0, piece_);
    const std::int64_t to = std::clamp<std::int64_t>(length - first, from, piece_);
    std::fill(sound, sound + from, 0.0F);
    for (std::int64_t i = from; i < to; ++i) {
      sound[i] *= envelope_[static_cast<std::size_t>(first + i)];
    }
    std::fill(sound + to, sound + piece_, 0.0F);
    return first;
  }

  void improve(std::int64_t b, const std::vector<float>& pieces, std::vector<float>& next,
               Scratch& scratch) {
    gather(b, pieces, scratch.sound.data());
    float* out = next.data() + b * piece_;
    std::fill(out, out + piece_, 0.0F);
    float* spectrum = reinterpret_cast<float*>(scratch.spectrum.get());
    for (std::int64_t local = 0; local < frames_in(b); ++local) {
      const float* in = scratch.sound.data() + local * hop_;
      multiply(size_, in, fourier_->window(), scratch.real.get());
      fourier_->forward(scratch.real.get(), scratch.spectrum.get());
      const std::int64_t t = b * block_frames_ + local;
      const float* target = target_.values.data() + t * target_.bins;
      if (alpha_ > 0) {
        correct(target_.bins, alpha_, target, previous_.data() + 2 * t * target_.bins, spectrum);
      } else {
        correct_plain(target_.bins, target, spectrum);
      }
      std::fill(scratch.spectrum.get() + target_.bins, scratch.spectrum.get() + fourier_->bins(),
                Complex());
      synthesise(scratch, local, out);
    }
  }

  std::vector<float> collect(const std::vector<float>& pieces, Scratch& scratch) const {
    std::vector<float> sound(envelope_.size(), 0.0F);
    const auto length = static_cast<std::int64_t>(sound.size());
    for (std::int64_t b = 0; b < blocks_; ++b) {
      const std::int64_t first = gather(b, pieces, scratch.sound.data());
      const std::int64_t from = std::clamp<std::int64_t>(-first, 0, piece_);
      const std::int64_t to = std::clamp<std::int64_t>(length - first, from, piece_);
      if (from == to) continue;
      std::copy(scratch.sound.data() + from, scratch.sound.data() + to,
                sound.data() + (first + from));
    }
    return sound;
  }

  const Spectrogram& target_;
  const InversionOptions& options_;
  std::shared_ptr<const Fourier> fourier_;
  std::int64_t hop_, size_;
  std::int64_t block_frames_, blocks_;
  std::int64_t piece_;  // samples that a block's frames span
  float alpha_;
  std::vector<float> envelope_;   // [samples]
  std::vector<float> pieces_[2];  // [blocks, piece]: windowed frames added up, now and next
  std::vector<float> previous_;   // [T, F, 2]: the frames as rebuilt one iteration ago
};

void check(const Spectrogram& target, const config::SpectrogramConfig& config,
           const InversionOptions& options) {
  if (target.frames < 1 || target.bins != config.bins || target.bins > config.n_fft / 2 + 1 ||
      target.bins < 1 ||
      target.values.size() / static_cast<std::size_t>(target.bins) !=
          static_cast<std::size_t>(target.frames) ||
      target.values.size() % static_cast<std::size_t>(target.bins) != 0) {
    throw InputError(text("Expected a spectrogram of 1 or more frames of ", config.bins,
                          " bins to invert, got ", target.frames, " of ", target.bins, " (",
                          target.values.size(), " values)."));
  }
  if (options.iterations < 0 || options.iterations > 100000 || !(options.momentum >= 0) ||
      !(options.momentum < 1) || options.threads < 1 || options.threads > 1024) {
    throw InputError(
        text("Expected 0 to 100000 iterations, a momentum from 0 to below 1 and 1 to "
             "1024 threads for the inversion, got ",
             options.iterations, ", ", options.momentum, " and ", options.threads, "."));
  }
  const std::int64_t longest = target.frames * config.hop + config.n_fft;
  if (options.samples < 0 || options.samples > longest) {
    throw InputError(text("Expected a length of 0 to ", longest, " samples for the inversion of ",
                          target.frames, " frames, got ", options.samples, "."));
  }
  const auto bad = std::find_if(target.values.begin(), target.values.end(),
                                [](float v) { return !(v >= 0 && v <= kLargest); });
  if (bad != target.values.end()) {
    throw InputError(text("Expected linear magnitudes of 0 or more to invert, got ", *bad,
                          " in frame ", (bad - target.values.begin()) / target.bins, "."));
  }
}

}  // namespace

Sound invert(const Spectrogram& linear_magnitude, const config::SpectrogramConfig& config,
             const InversionOptions& options) {
  const Stft checked({.n_fft = config.n_fft, .hop = config.hop});
  check(linear_magnitude, config, options);
  const std::int64_t samples =
      options.samples > 0 ? options.samples : linear_magnitude.frames * config.hop;
  Inverter inverter(linear_magnitude, config, options, samples);
  return {.sample_rate = static_cast<int>(config.sample_rate), .samples = inverter.run()};
}

}  // namespace minet::audio
