#include "evaluation/held_codes.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "minet/audio/inversion.hpp"
#include "minet/audio/picture.hpp"
#include "minet/audio/pitch.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/random.hpp"
#include "minet/core/signals.hpp"
#include "minet/models/spectrograms.hpp"

namespace minet::evaluation {
namespace {

constexpr double kSeconds = 0.8;
constexpr double kFadeS = 0.02;
constexpr std::size_t kBatch = 16;
constexpr int kPictureWidth = 240, kPictureHeight = 120;  // pixels

// The decoder's frame for each code surrounded only by itself, [N, F]: in the middle of a run of
// that code long enough that its ends have no effect.
at::Tensor steady_frames(Scene& scene, const std::vector<std::int64_t>& codes) {
  const std::int64_t margin = scene.model().vqvae->margin();
  std::vector<at::Tensor> parts;
  for (std::size_t first = 0; first < codes.size(); first += kBatch) {
    throw_if_stopped("stopped while evaluating; nothing was written");
    const std::size_t last = std::min(first + kBatch, codes.size());
    const std::vector<std::int64_t> some(codes.begin() + static_cast<std::ptrdiff_t>(first),
                                         codes.begin() + static_cast<std::ptrdiff_t>(last));
    const at::Tensor held = at::tensor(some, at::kLong)
                                .unsqueeze(1)
                                .expand({static_cast<std::int64_t>(some.size()), 2 * margin + 1})
                                .contiguous()
                                .to(scene.device);
    parts.push_back(scene.model().vqvae->decode(held).select(2, margin).to(at::kCPU));
  }
  return at::cat(parts);
}

// The median pitch of the voiced frames, if these are the majority; else 0.
double pitch_of(const audio::Sound& sound) {
  std::vector<float> voiced;
  const audio::PitchTrack track = audio::track_pitch(sound);
  for (const float hz : track.hz) {
    if (hz > 0) voiced.push_back(hz);
  }
  if (2 * voiced.size() <= track.hz.size()) return 0;
  const auto middle = voiced.begin() + static_cast<std::ptrdiff_t>(voiced.size() / 2);
  std::nth_element(voiced.begin(), middle, voiced.end());
  return *middle;
}

}  // namespace

std::vector<HeldCode> hold_codes(Scene& scene, const std::vector<std::int64_t>& codes) {
  if (codes.empty()) return {};
  const at::NoGradGuard no_grad;
  const config::SpectrogramConfig& shape = scene.config().spectrogram;
  const auto frames = static_cast<std::int64_t>(std::ceil(kSeconds * scene.config().frame_rate()));
  const at::Tensor steady = steady_frames(scene, codes);  // [N, F]
  const auto magnitudes = [&](std::size_t i) {
    return models::to_magnitudes(
        scene.scale(),
        steady[static_cast<std::int64_t>(i)].unsqueeze(1).expand({-1, frames}).contiguous());
  };
  float loudest = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::vector<float> values = magnitudes(i).values;
    loudest = std::max(loudest, *std::max_element(values.begin(), values.end()));
  }
  Progress progress("held codes", static_cast<std::int64_t>(codes.size()), "codes");
  std::vector<HeldCode> held;
  float peak = 1;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    throw_if_stopped("stopped while evaluating; nothing was written");
    const audio::Spectrogram spectrogram = magnitudes(i);
    HeldCode one;
    one.sound = audio::invert(
        spectrogram, shape,
        {.seed = derive_seed(scene.options.seed, "phases", static_cast<std::uint64_t>(codes[i])),
         .threads = at::get_num_threads()});
    one.hz = pitch_of(one.sound);
    one.picture =
        audio::spectrogram_png(spectrogram, {.width = kPictureWidth,
                                             .height = kPictureHeight,
                                             .sample_rate = static_cast<int>(shape.sample_rate),
                                             .reference = loudest});
    for (const float sample : one.sound.samples) peak = std::max(peak, std::abs(sample));
    audio::fade_ends(one.sound, kFadeS);
    held.push_back(std::move(one));
    progress.update(static_cast<std::int64_t>(i + 1));
  }
  progress.finish();
  for (HeldCode& one : held) {
    for (float& sample : one.sound.samples) sample /= peak;
  }
  return held;
}

}  // namespace minet::evaluation
