// Griffin-Lim in blocks of frames, so that a block's data stays in cache: add up the overlapping
// pieces of the block and its neighbours, divide by the window envelope; then window, transform,
// correct and transform back each frame, window it and add it to the block's next piece.
//
// An iteration of a block needs only the iteration before of the block itself and of its two
// neighbours. So in each turn a new block gets its initial phases, iteration 0 runs on the block
// two before it, iteration 1 on the one two before that, and so on, and one block's sound is
// finished. These steps touch disjoint memory, so threads share them; only active blocks are kept.
#include "minet/audio/inversion.hpp"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cmath>
#include <exception>
#include <numbers>
#include <thread>

#include "audio/fourier.hpp"
#include "audio/phase_gradient.hpp"
#include "core/clones.hpp"
#include "minet/audio/stft.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

using Complex = std::complex<float>;

constexpr int kPhases = 4096;              // number of random phases around the circle
constexpr std::int64_t kBlockFrames = 64;  // minimum; blocks overlap only their direct neighbours
constexpr float kLargest = 1e15F;          // magnitude; its square must stay finite

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

struct Scratch {
  Scratch(std::int64_t piece, std::int64_t size)
      : sound(static_cast<std::size_t>(piece)),
        real(make_aligned<float>(size)),
        spectrum(make_aligned<Complex>(size / 2 + 1)) {}
  std::vector<float> sound;
  AlignedArray<float> real;
  AlignedArray<Complex> spectrum;
};

// The data of an active block.
struct Block {
  std::vector<float> target;     // [frames, bins]
  std::vector<float> previous;   // [frames, bins, 2]: rebuilt spectra of the previous iteration
  std::vector<float> pieces[2];  // overlap-added frames of this iteration and the next
  std::vector<float> envelope;   // inverse window envelope at the piece's samples
};

class Inverter {
 public:
  Inverter(std::int64_t frames, const MagnitudeSource& source, const SoundSink& sink,
           const config::SpectrogramConfig& config, const InversionOptions& options)
      : source_(source),
        sink_(sink),
        options_(options),
        fourier_(Fourier::get(config.n_fft)),
        hop_(config.hop),
        size_(config.n_fft),
        bins_(config.bins),
        frames_(frames),
        samples_(options.samples > 0 ? options.samples : frames * config.hop),
        block_frames_(std::max(kBlockFrames, (size_ + hop_ - 1) / hop_)),
        blocks_((frames + block_frames_ - 1) / block_frames_),
        piece_((block_frames_ - 1) * hop_ + size_),
        alpha_(static_cast<float>(options.momentum / (1 + options.momentum))),
        // From the oldest block that the finished block's sound needs to the newest one.
        ring_(static_cast<std::size_t>(std::min(blocks_, 2 * options.iterations + 4))),
        ahead_(static_cast<std::size_t>(bins_)),
        random_(options.seed),
        gradient_(size_, hop_, bins_, options.seed) {
    for (Block& block : ring_) {
      block.target.resize(static_cast<std::size_t>(block_frames_ * bins_));
      if (alpha_ > 0) block.previous.resize(2 * block.target.size());
      for (auto& piece : block.pieces) piece.resize(static_cast<std::size_t>(piece_));
      block.envelope.resize(static_cast<std::size_t>(piece_));
    }
  }

  void run() {
    const auto threads = static_cast<std::ptrdiff_t>(
        std::clamp<std::int64_t>(options_.threads, 1, std::min(blocks_, options_.iterations + 1)));
    const std::int64_t turns = blocks_ + 2 * options_.iterations + 2;
    std::atomic<std::int64_t> next{0};  // next iteration that no thread has taken in this turn
    std::exception_ptr failure;
    bool over = false;  // changes only inside the barrier, so all threads see the same
    std::barrier together(threads, [&]() noexcept {
      next = 0;
      over = failure != nullptr || stop_signal() != 0;
    });
    const auto work = [&](bool caller) {
      Scratch scratch(piece_, size_);
      for (std::int64_t turn = 0; turn < turns && !over; ++turn) {
        if (caller) {
          try {
            if (turn < blocks_) begin(turn, scratch);
            finish(turn - 2 - 2 * options_.iterations, scratch);
          } catch (...) {
            failure = std::current_exception();
          }
        }
        for (std::int64_t i = next++; i < options_.iterations && stop_signal() == 0; i = next++) {
          improve(turn - 2 - 2 * i, i, scratch);
        }
        together.arrive_and_wait();
      }
    };
    std::vector<std::thread> others;
    for (std::ptrdiff_t i = 1; i < threads; ++i) others.emplace_back(work, false);
    work(true);
    for (std::thread& other : others) other.join();
    if (failure) std::rethrow_exception(failure);
    if (over) throw_if_stopped_while("reconstructing phases");
  }

 private:
  Block& block(std::int64_t b) { return ring_[static_cast<std::size_t>(b) % ring_.size()]; }
  std::int64_t frames_in(std::int64_t b) const {
    return std::min(block_frames_, frames_ - b * block_frames_);
  }

  // Transforms scratch.spectrum back, windows it and adds it at frame `local` of a piece.
  void synthesise(Scratch& scratch, std::int64_t local, float* piece) const {
    fourier_->backward(scratch.spectrum.get(), scratch.real.get());
    add_product(size_, scratch.real.get(), fourier_->synthesis(), piece + local * hop_);
  }

  // Reads the block's magnitudes, and the first frame of the next block.
  void read(std::int64_t b) {
    float* target = block(b).target.data();
    const std::int64_t known = b == 0 ? 0 : 1;
    std::copy(ahead_.begin(), ahead_.begin() + known * bins_, target);
    source_(frames_in(b) - known, target + known * bins_);
    if (b + 1 < blocks_) source_(1, ahead_.data());
    const auto end = target + frames_in(b) * bins_;
    const auto bad = std::find_if(target, end, [](float v) { return !(v >= 0 && v <= kLargest); });
    if (bad != end) {
      throw InputError(text("expected linear magnitudes of 0 or more to invert, got ", *bad,
                            " in frame ", b * block_frames_ + (bad - target) / bins_));
    }
  }

  // Reads the block's target and gives it its initial phases.
  void begin(std::int64_t b, Scratch& scratch) {
    read(b);
    Block& own = block(b);
    std::fill(own.previous.begin(), own.previous.end(), 0.0F);
    std::fill(own.pieces[0].begin(), own.pieces[0].end(), 0.0F);
    inverse_envelope(*fourier_, hop_, frames_, first_sample(b), own.envelope);
    if (b == 0 && options_.start == PhaseStart::gradient) gradient_.begin(own.target.data());
    const std::int64_t frames = frames_in(b);
    for (std::int64_t local = 0; local < frames; ++local) {
      const float* row = own.target.data() + local * bins_;
      std::fill_n(scratch.spectrum.get(), fourier_->bins(), Complex());
      if (options_.start == PhaseStart::random) {
        random_.next(row, bins_, scratch.spectrum.get());
      } else {
        const float* after = local + 1 < frames ? row + bins_
                             : b + 1 < blocks_  ? ahead_.data()
                                                : nullptr;
        gradient_.next(row, after, scratch.spectrum.get());
      }
      synthesise(scratch, local, own.pieces[0].data());
    }
  }

  std::int64_t first_sample(std::int64_t b) const { return b * block_frames_ * hop_ - size_ / 2; }

  // The sound that block `b` is analysed from in iteration `iteration`: its own piece and what the
  // neighbours' pieces add to it, divided by the envelope; zeros outside the sound. Returns the
  // part inside the sound.
  std::span<const float> gather(std::int64_t b, std::int64_t iteration, Scratch& scratch) {
    const auto piece_of = [&](std::int64_t other) {
      return block(other).pieces[iteration % 2].data();
    };
    const std::int64_t step = block_frames_ * hop_;  // from one piece to the next
    const std::int64_t overlap = piece_ - step;
    float* sound = scratch.sound.data();
    const float* own = piece_of(b);
    std::copy(own, own + piece_, sound);
    if (b > 0) {
      const float* before = piece_of(b - 1) + step;
      for (std::int64_t i = 0; i < overlap; ++i) sound[i] += before[i];
    }
    if (b + 1 < blocks_) {
      const float* after = piece_of(b + 1);
      for (std::int64_t i = 0; i < overlap; ++i) sound[step + i] += after[i];
    }
    const std::int64_t first = first_sample(b);
    const std::int64_t from = std::clamp<std::int64_t>(-first, 0, piece_);
    const std::int64_t to = std::clamp<std::int64_t>(samples_ - first, from, piece_);
    const float* envelope = block(b).envelope.data();
    std::fill(sound, sound + from, 0.0F);
    for (std::int64_t i = from; i < to; ++i) sound[i] *= envelope[i];
    std::fill(sound + to, sound + piece_, 0.0F);
    return {sound + from, sound + to};
  }

  void improve(std::int64_t b, std::int64_t iteration, Scratch& scratch) {
    if (b < 0 || b >= blocks_) return;
    gather(b, iteration, scratch);
    Block& own = block(b);
    std::vector<float>& out = own.pieces[(iteration + 1) % 2];
    std::fill(out.begin(), out.end(), 0.0F);
    float* spectrum = reinterpret_cast<float*>(scratch.spectrum.get());
    for (std::int64_t local = 0; local < frames_in(b); ++local) {
      const float* in = scratch.sound.data() + local * hop_;
      multiply(size_, in, fourier_->window(), scratch.real.get());
      fourier_->forward(scratch.real.get(), scratch.spectrum.get());
      const float* target = own.target.data() + local * bins_;
      if (alpha_ > 0) {
        correct(bins_, alpha_, target, own.previous.data() + 2 * local * bins_, spectrum);
      } else {
        correct_plain(bins_, target, spectrum);
      }
      std::fill(scratch.spectrum.get() + bins_, scratch.spectrum.get() + fourier_->bins(),
                Complex());
      synthesise(scratch, local, out.data());
    }
  }

  // Passes the block's sound, up to the start of the next block's, to the sink.
  void finish(std::int64_t b, Scratch& scratch) {
    if (b < 0) return;
    std::span<const float> sound = gather(b, options_.iterations, scratch);
    if (b + 1 < blocks_) {
      const std::int64_t next = std::clamp<std::int64_t>(first_sample(b + 1), 0, samples_);
      const std::int64_t first = std::clamp<std::int64_t>(first_sample(b), 0, samples_);
      sound = sound.first(static_cast<std::size_t>(next - first));
    }
    if (!sound.empty()) sink_(sound);
    if (b + 1 == blocks_) pad(first_sample(b) + piece_);
  }

  // Silence from the end of the last frame to the requested length.
  void pad(std::int64_t end) {
    if (end < samples_) sink_(std::vector<float>(static_cast<std::size_t>(samples_ - end)));
  }

  const MagnitudeSource& source_;
  const SoundSink& sink_;
  const InversionOptions& options_;
  std::shared_ptr<const Fourier> fourier_;
  std::int64_t hop_, size_, bins_, frames_, samples_;
  std::int64_t block_frames_, blocks_;
  std::int64_t piece_;  // samples that a block's frames span
  float alpha_;
  std::vector<Block> ring_;   // block b is at index b % size
  std::vector<float> ahead_;  // [bins]: first frame of the next block
  RandomPhases random_;
  PhaseGradient gradient_;
};

void check(std::int64_t frames, const config::SpectrogramConfig& config,
           const InversionOptions& options) {
  if (frames < 1 || config.bins > config.n_fft / 2 + 1 || config.bins < 1) {
    throw InputError(text("expected a spectrogram of 1 or more frames of ", config.bins,
                          " bins to invert, got ", frames, " frames"));
  }
  if (options.iterations < 0 || options.iterations > 100000 || !(options.momentum >= 0) ||
      !(options.momentum < 1) || options.threads < 1 || options.threads > 1024) {
    throw InputError(
        text("expected 0 to 100000 iterations, a momentum from 0 to below 1 and 1 to "
             "1024 threads for the inversion, got ",
             options.iterations, ", ", options.momentum, " and ", options.threads));
  }
  const std::int64_t longest = frames * config.hop + config.n_fft;
  if (options.samples < 0 || options.samples > longest) {
    throw InputError(text("expected a length of 0 to ", longest, " samples for the inversion of ",
                          frames, " frames, got ", options.samples));
  }
}

}  // namespace

void invert_in_passing(std::int64_t frames, const MagnitudeSource& source, const SoundSink& sink,
                       const config::SpectrogramConfig& config, const InversionOptions& options) {
  const Stft checked({.n_fft = config.n_fft, .hop = config.hop});
  check(frames, config, options);
  Inverter(frames, source, sink, config, options).run();
}

Sound invert(const Spectrogram& linear_magnitude, const config::SpectrogramConfig& config,
             const InversionOptions& options) {
  const std::vector<float>& values = linear_magnitude.values;
  if (linear_magnitude.bins != config.bins || config.bins < 1 ||
      values.size() % static_cast<std::size_t>(config.bins) != 0 ||
      values.size() / static_cast<std::size_t>(config.bins) !=
          static_cast<std::size_t>(linear_magnitude.frames)) {
    throw InputError(text("expected a spectrogram of 1 or more frames of ", config.bins,
                          " bins to invert, got ", linear_magnitude.frames, " of ",
                          linear_magnitude.bins, " (", values.size(), " values)"));
  }
  Sound sound{.sample_rate = static_cast<int>(config.sample_rate), .samples = {}};
  auto next = values.begin();
  invert_in_passing(
      linear_magnitude.frames,
      [&](std::int64_t frames, float* into) {
        const auto end = next + frames * config.bins;
        std::copy(next, end, into);
        next = end;
      },
      [&](std::span<const float> samples) {
        sound.samples.insert(sound.samples.end(), samples.begin(), samples.end());
      },
      config, options);
  return sound;
}

}  // namespace minet::audio
