#include "evaluation/sound_clips.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

#include "minet/audio/sound.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kClips = 16;  // at a time

std::vector<fs::path> wavs_of(const fs::path& folder) {
  if (!fs::is_directory(folder)) {
    throw InputError(text(folder.string(), ": expected a folder of wav files, but there is none"));
  }
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && lower(entry.path().extension().string()) == ".wav") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  if (paths.empty()) {
    throw InputError(text(folder.string(), ": expected wav files, got none"));
  }
  return paths;
}

}  // namespace

void for_each_sound_clip(
    const fs::path& folder, const config::TrainConfig& config, const audio::SpectrogramScale& scale,
    const std::function<void(std::int64_t file, const at::Tensor& clips)>& action) {
  const std::vector<fs::path> paths = wavs_of(folder);
  const std::int64_t frames = config.clip_frames(), bins = config.spectrogram.bins;
  const std::int64_t hop = config.spectrogram.hop;
  Progress progress("sound files", static_cast<std::int64_t>(paths.size()), "files");
  std::int64_t file = 0, total = 0, shorter = 0;
  for (const fs::path& path : paths) {
    throw_if_stopped("stopped while evaluating; nothing was written");
    const audio::Sound sound =
        audio::read_sound(path, static_cast<int>(config.spectrogram.sample_rate));
    // Frames that begin inside the sound, as in a corpus's tracks.
    const std::int64_t clips = static_cast<std::int64_t>(sound.samples.size()) / hop / frames;
    if (clips == 0) ++shorter;
    for (std::int64_t first = 0; first < clips; first += kClips) {
      const std::int64_t count = std::min(kClips, clips - first);
      const audio::SampleRange range =
          audio::samples_of_frames(first * frames, count * frames, config.spectrogram);
      std::vector<float> samples(static_cast<std::size_t>(range.count), 0.0F);  // 0 outside
      for (std::int64_t i = 0; i < range.count; ++i) {
        const std::int64_t at = range.first + i;
        if (at >= 0 && at < static_cast<std::int64_t>(sound.samples.size())) {
          samples[static_cast<std::size_t>(i)] = sound.samples[static_cast<std::size_t>(at)];
        }
      }
      std::vector<float> values = audio::magnitude_of_frames(samples, config.spectrogram).values;
      audio::to_log(scale, values);
      action(file, at::from_blob(values.data(), {count, frames, bins}, at::kFloat)
                       .transpose(1, 2)
                       .contiguous());
    }
    total += clips;
    progress.update(++file);
  }
  progress.finish();
  if (total == 0) {
    throw InputError(text(folder.string(), ": expected recordings of at least ",
                          config.data.clip_seconds, " s, but all ", paths.size(),
                          " are shorter; give longer ones"));
  }
  if (shorter > 0) {
    log::warning(text(folder.string(), ": ", shorter, " of ", paths.size(),
                      " recordings are shorter than a clip (", config.data.clip_seconds,
                      " s) and were left out"));
  }
}

}  // namespace minet::evaluation
