#include "minet/clips/track_store.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <utility>

#include "corpus/parallel.hpp"
#include "minet/audio/sound.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/pose/prepare.hpp"
#include "minet/score/note_indices.hpp"

namespace minet::clips {

// Decoded sound as 16-bit samples (the files' own resolution), poses and notes by track.
struct TrackStore::Cache {
  std::mutex mutex;  // prefetching threads read while validation does
  std::int64_t audio_bytes_left = 0;
  std::map<std::int64_t, std::vector<std::int16_t>> audio;
  std::map<std::int64_t, pose::PoseSequence> poses;
  std::map<std::int64_t, std::vector<score::Note>> notes;

  // A track's entry in a map, or nullptr. Entries never move.
  template <class Value>
  const Value* find(const std::map<std::int64_t, Value>& map, std::int64_t track) {
    const std::lock_guard lock(mutex);
    const auto found = map.find(track);
    return found == map.end() ? nullptr : &found->second;
  }
  template <class Value>
  const Value* keep(std::map<std::int64_t, Value>& map, std::int64_t track, Value value) {
    const std::lock_guard lock(mutex);
    return &map.emplace(track, std::move(value)).first->second;
  }
  bool reserve_audio(std::int64_t bytes) {
    const std::lock_guard lock(mutex);
    if (bytes > audio_bytes_left) return false;
    audio_bytes_left -= bytes;
    return true;
  }
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
  const std::vector<std::int16_t>* cached = cache_->find(cache_->audio, track);
  if (cached == nullptr) {
    if (!cache_->reserve_audio(bytes)) {
      return audio::read_sound_segment(corpus_.audio_path(info), first, count).samples;
    }
    // Decoded without holding the lock, so that several threads can decode in parallel.
    const audio::Sound sound = corpus_.read_audio(info);
    std::vector<std::int16_t> kept(sound.samples.size());
    std::transform(sound.samples.begin(), sound.samples.end(), kept.begin(), [](float sample) {
      return static_cast<std::int16_t>(
          std::lrint(std::clamp(sample * 32768.0f, -32768.0f, 32767.0f)));
    });
    cached = cache_->keep(cache_->audio, track, std::move(kept));
  }
  const std::vector<std::int16_t>& whole = *cached;
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
  // [T, F] -> [F, T] in tiles. Hand-written, because this runs in the prefetching thread, where
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
  for (const Clip& clip : clips) {
    const pose::PoseSequence* cached = cache_->find(cache_->poses, clip.track);
    if (cached == nullptr) {
      pose::PoseSequence pose = corpus_.read_pose(tracks_[static_cast<std::size_t>(clip.track)]);
      pose::normalise(pose);
      cached = cache_->keep(cache_->poses, clip.track, std::move(pose));
    }
    const double start_s = static_cast<double>(clip.first_frame) / config_.frame_rate();
    const std::vector<float> window = pose::pose_window(*cached, start_s, frames, config_.pose.fps);
    row = std::copy(window.begin(), window.end(), row);
  }
  return result;
}

at::Tensor TrackStore::notes(const std::vector<Clip>& clips) const {
  const std::int64_t frames = config_.clip_frames();  // T
  at::Tensor result = at::zeros({static_cast<std::int64_t>(clips.size()), frames}, at::kLong);
  std::int64_t* row = result.mutable_data_ptr<std::int64_t>();
  for (const Clip& clip : clips) {
    const corpus::Track& track = tracks_[static_cast<std::size_t>(clip.track)];
    if (track.has_notes) {
      const std::vector<score::Note>* cached = cache_->find(cache_->notes, clip.track);
      if (cached == nullptr) {
        cached = cache_->keep(cache_->notes, clip.track, corpus_.read_notes(track));
      }
      const double start_s = static_cast<double>(clip.first_frame) / config_.frame_rate();
      const std::vector<std::int64_t> indices =
          score::note_indices(*cached, frames, config_.frame_rate(), start_s);
      std::copy(indices.begin(), indices.end(), row);
    }
    row += frames;
  }
  return result;
}

std::vector<std::vector<float>> TrackStore::energies() const {
  const std::int64_t hop = config_.spectrogram.hop;
  std::vector<std::vector<float>> result(tracks_.size());
  for_all_tracks("reading the sound", [&](std::int64_t index) {
    const auto track = static_cast<std::size_t>(index);
    const std::vector<float> all = samples(index, 0, frames_[track] * hop);
    std::vector<float>& energy = result[track];
    energy.resize(static_cast<std::size_t>(frames_[track]));
    for (std::size_t frame = 0; frame < energy.size(); ++frame) {
      double sum = 0;
      for (std::int64_t i = 0; i < hop; ++i) {
        const double sample =
            all[frame * static_cast<std::size_t>(hop) + static_cast<std::size_t>(i)];
        sum += sample * sample;
      }
      energy[frame] = static_cast<float>(sum / static_cast<double>(hop));
    }
  });
  return result;
}

void TrackStore::for_all_tracks(const std::string& label,
                                const std::function<void(std::int64_t)>& work) const {
  corpus::for_each_track({.count = static_cast<std::int64_t>(tracks_.size()),
                          .threads = at::get_num_threads(),
                          .label = label},
                         work);
}

audio::SpectrogramScale TrackStore::estimate_scale() const {
  const std::int64_t chunk = 4096;  // frames at a time: constant memory for long tracks
  // One estimate per track, merged in track order: the same result with any number of threads.
  std::vector<audio::ScaleEstimator> parts(tracks_.size(),
                                           audio::ScaleEstimator(config_.spectrogram));
  const auto go_through = [&](const std::string& label, auto see) {
    for_all_tracks(label, [&](std::int64_t track) {
      const std::int64_t frames = frames_[static_cast<std::size_t>(track)];
      for (std::int64_t first = 0; first < frames; first += chunk) {
        see(parts[static_cast<std::size_t>(track)],
            magnitudes(track, first, std::min(chunk, frames - first)));
      }
    });
  };
  go_through("loudest sound", [](audio::ScaleEstimator& part, const std::vector<float>& values) {
    part.see_maximum(values);
  });
  audio::ScaleEstimator all(config_.spectrogram);
  for (const audio::ScaleEstimator& part : parts) all.join_maximum(part);
  std::fill(parts.begin(), parts.end(), all);
  go_through("spectrogram scale",
             [](audio::ScaleEstimator& part, const std::vector<float>& values) {
               part.see_values(values);
             });
  for (const audio::ScaleEstimator& part : parts) all.join_values(part);
  return all.finish();
}

}  // namespace minet::clips
