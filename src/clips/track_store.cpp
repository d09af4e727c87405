#include "minet/clips/track_store.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <utility>

#include "minet/audio/sound.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/pose/prepare.hpp"
#include "minet/score/note_indices.hpp"

namespace minet::clips {

// Decoded sound as 16-bit samples (the files have no more), poses and notes by track.
struct TrackStore::Cache {
  std::mutex mutex;  // a prefetching thread reads while validation does
  std::int64_t audio_bytes_left = 0;
  std::map<std::int64_t, std::vector<std::int16_t>> audio;
  std::map<std::int64_t, pose::PoseSequence> poses;
  std::map<std::int64_t, std::vector<score::Note>> notes;
};

TrackStore::TrackStore(const corpus::Corpus& corpus, std::string_view split,
                       const config::TrainConfig& config)
    : corpus_(corpus),
      config_(config),
      tracks_(corpus.tracks_of(split)),
      cache_(std::make_unique<Cache>()) {
  if (corpus.sample_rate() != config.spectrogram.sample_rate) {
    throw InputError(text(corpus.root().string(), ": expected sound at ",
                          config.spectrogram.sample_rate, " Hz (spectrogram.sample_rate), got ",
                          corpus.sample_rate(), " Hz; set spectrogram.sample_rate to it"));
  }
  cache_->audio_bytes_left = config.data.audio_cache_mb * 1024 * 1024;
  for (const corpus::Track& track : tracks_) {
    frames_.push_back(audio::sound_info(corpus.audio_path(track)).samples / config.spectrogram.hop);
  }
}

TrackStore::~TrackStore() = default;

std::vector<float> TrackStore::samples(std::int64_t track, std::int64_t first,
                                       std::int64_t count) const {
  const corpus::Track& info = tracks_[static_cast<std::size_t>(track)];
  const std::int64_t bytes = 2 * frames_[static_cast<std::size_t>(track)] * config_.spectrogram.hop;
  const std::lock_guard lock(cache_->mutex);
  auto cached = cache_->audio.find(track);
  if (cached == cache_->audio.end()) {
    if (bytes > cache_->audio_bytes_left) {
      return audio::read_sound_segment(corpus_.audio_path(info), first, count).samples;
    }
    const audio::Sound sound = corpus_.read_audio(info);
    std::vector<std::int16_t> kept(sound.samples.size());
    std::transform(sound.samples.begin(), sound.samples.end(), kept.begin(), [](float sample) {
      return static_cast<std::int16_t>(
          std::lrint(std::clamp(sample * 32768.0f, -32768.0f, 32767.0f)));
    });
    cached = cache_->audio.emplace(track, std::move(kept)).first;
    cache_->audio_bytes_left -= bytes;
  }
  const std::vector<std::int16_t>& whole = cached->second;
  std::vector<float> result(static_cast<std::size_t>(count), 0.0f);
  const std::int64_t begin = std::max<std::int64_t>(first, 0);
  const std::int64_t end =
      std::min<std::int64_t>(first + count, static_cast<std::int64_t>(whole.size()));
  for (std::int64_t i = begin; i < end; ++i) {
    result[static_cast<std::size_t>(i - first)] =
        static_cast<float>(whole[static_cast<std::size_t>(i)]) / 32768.0f;
  }
  return result;
}

std::vector<float> TrackStore::magnitudes(std::int64_t track, std::int64_t first_frame,
                                          std::int64_t frames) const {
  const audio::SampleRange range =
      audio::samples_of_frames(first_frame, frames, config_.spectrogram);
  return audio::magnitude_of_frames(samples(track, range.first, range.count), config_.spectrogram)
      .values;
}

void TrackStore::standardised(std::int64_t track, std::int64_t first_frame, std::int64_t frames,
                              const audio::SpectrogramScale& scale, float* into) const {
  std::vector<float> values = magnitudes(track, first_frame, frames);
  audio::to_log(scale, values);
  // [T, F] -> [F, T] in tiles. By hand, because this runs in the prefetching thread, where
  // LibTorch's operators would start a second set of OpenMP threads.
  const std::int64_t bins = config_.spectrogram.bins, tile = 32;
  for (std::int64_t t0 = 0; t0 < frames; t0 += tile) {
    for (std::int64_t f0 = 0; f0 < bins; f0 += tile) {
      for (std::int64_t f = f0; f < std::min(f0 + tile, bins); ++f) {
        for (std::int64_t t = t0; t < std::min(t0 + tile, frames); ++t) {
          into[f * frames + t] = values[static_cast<std::size_t>(t * bins + f)];
        }
      }
    }
  }
}

at::Tensor TrackStore::spectrograms(const std::vector<Clip>& clips,
                                    const audio::SpectrogramScale& scale) const {
  const std::int64_t bins = config_.spectrogram.bins, frames = config_.clip_frames();
  at::Tensor result =
      at::empty({static_cast<std::int64_t>(clips.size()), bins, frames}, at::kFloat);
  float* row = result.mutable_data_ptr<float>();
  for (const Clip& clip : clips) {
    standardised(clip.track, clip.first_frame, frames, scale, row);
    row += bins * frames;
  }
  return result;
}

at::Tensor TrackStore::track_spectrogram(std::int64_t track,
                                         const audio::SpectrogramScale& scale) const {
  const std::int64_t frames = frames_[static_cast<std::size_t>(track)];
  at::Tensor result = at::empty({1, config_.spectrogram.bins, frames}, at::kFloat);
  standardised(track, 0, frames, scale, result.mutable_data_ptr<float>());
  return result;
}

at::Tensor TrackStore::poses(const std::vector<Clip>& clips) const {
  const std::int64_t frames = config_.clip_pose_frames();  // P
  at::Tensor result =
      at::empty({static_cast<std::int64_t>(clips.size()), frames, pose::kPoseWidth}, at::kFloat);
  float* row = result.mutable_data_ptr<float>();
  const std::lock_guard lock(cache_->mutex);
  for (const Clip& clip : clips) {
    auto cached = cache_->poses.find(clip.track);
    if (cached == cache_->poses.end()) {
      pose::PoseSequence pose = corpus_.read_pose(tracks_[static_cast<std::size_t>(clip.track)]);
      pose::normalise(pose);
      cached = cache_->poses.emplace(clip.track, std::move(pose)).first;
    }
    const double start_s = static_cast<double>(clip.first_frame) / config_.frame_rate();
    const std::vector<float> window =
        pose::pose_window(cached->second, start_s, frames, config_.pose.fps);
    row = std::copy(window.begin(), window.end(), row);
  }
  return result;
}

at::Tensor TrackStore::notes(const std::vector<Clip>& clips) const {
  const std::int64_t frames = config_.clip_frames();  // T
  at::Tensor result = at::zeros({static_cast<std::int64_t>(clips.size()), frames}, at::kLong);
  std::int64_t* row = result.mutable_data_ptr<std::int64_t>();
  const std::lock_guard lock(cache_->mutex);
  for (const Clip& clip : clips) {
    const corpus::Track& track = tracks_[static_cast<std::size_t>(clip.track)];
    if (track.has_notes) {
      auto cached = cache_->notes.find(clip.track);
      if (cached == cache_->notes.end()) {
        cached = cache_->notes.emplace(clip.track, corpus_.read_notes(track)).first;
      }
      const double start_s = static_cast<double>(clip.first_frame) / config_.frame_rate();
      const std::vector<std::int64_t> indices =
          score::note_indices(cached->second, frames, config_.frame_rate(), start_s);
      std::copy(indices.begin(), indices.end(), row);
    }
    row += frames;
  }
  return result;
}

std::vector<std::vector<float>> TrackStore::energies() const {
  const std::int64_t hop = config_.spectrogram.hop;
  std::vector<std::vector<float>> result;
  for (std::size_t track = 0; track < tracks_.size(); ++track) {
    throw_if_stopped("reading the corpus; nothing was trained yet");
    const std::vector<float> all =
        samples(static_cast<std::int64_t>(track), 0, frames_[track] * hop);
    std::vector<float>& energy = result.emplace_back(static_cast<std::size_t>(frames_[track]));
    for (std::size_t frame = 0; frame < energy.size(); ++frame) {
      double sum = 0;
      for (std::int64_t i = 0; i < hop; ++i) {
        const double sample =
            all[frame * static_cast<std::size_t>(hop) + static_cast<std::size_t>(i)];
        sum += sample * sample;
      }
      energy[frame] = static_cast<float>(sum / static_cast<double>(hop));
    }
  }
  return result;
}

audio::SpectrogramScale TrackStore::estimate_scale() const {
  const auto tracks = static_cast<std::int64_t>(tracks_.size());
  const std::int64_t chunk = 4096;  // frames at a time: flat memory for long tracks
  audio::ScaleEstimator estimator(config_.spectrogram);
  Progress progress("spectrogram scale", 2 * tracks, "tracks");
  for (int pass = 0; pass < 2; ++pass) {
    for (std::int64_t track = 0; track < tracks; ++track) {
      throw_if_stopped("estimating the spectrogram scale; nothing was trained yet");
      const std::int64_t frames = frames_[static_cast<std::size_t>(track)];
      for (std::int64_t first = 0; first < frames; first += chunk) {
        const std::vector<float> values = magnitudes(track, first, std::min(chunk, frames - first));
        pass == 0 ? estimator.see_maximum(values) : estimator.see_values(values);
      }
      progress.update(pass * tracks + track + 1);
    }
  }
  progress.finish();
  return estimator.finish();
}

}  // namespace minet::clips
