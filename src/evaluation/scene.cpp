#include "evaluation/scene.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/models/device.hpp"

namespace minet::evaluation {
namespace {

// Sound kept in memory at most: the metrics promise to stay below 2 GB, whatever the training had.
config::TrainConfig with_small_cache(config::TrainConfig config) {
  config.data.audio_cache_mb = std::min<std::int64_t>(config.data.audio_cache_mb, 256);
  return config;
}

}  // namespace

Scene::Scene(const EvalOptions& given, std::string name)
    : metric(std::move(name)),
      options(checked(given)),
      corpus(open_corpus(options)),
      device(models::select_device(options.device)),
      subject(load_subject(options.model, device, metric)),
      tracks(corpus, options.split, with_small_cache(subject->config())),
      train_tracks(corpus, "train", with_small_cache(subject->config())),
      clips(clips_of(options, tracks, subject->config())) {}

Heading Scene::heading() const {
  return {.metric = metric,
          .options = options,
          .corpus_hash = corpus.hash(),
          .clips = clips.size(),
          .seconds = static_cast<double>(clips.size()) * static_cast<double>(clip_frames()) /
                     subject->config().frame_rate()};
}

std::vector<clips::Clip> scattered_clips(const Scene& scene, const clips::TrackStore& store,
                                         std::int64_t count) {
  const std::int64_t frames = scene.clip_frames();
  std::vector<std::int64_t> places;  // by track: where a clip can begin
  for (const std::int64_t track_frames : store.frames()) {
    places.push_back(std::max<std::int64_t>(0, track_frames - frames + 1));
  }
  const std::int64_t total = std::accumulate(places.begin(), places.end(), std::int64_t{0});
  if (total == 0) {
    throw InputError(text(scene.options.corpus.string(), ": expected a track of at least ",
                          scene.subject->config().data.clip_seconds,
                          " s in split 'train', but all are shorter; prepare longer recordings"));
  }
  if (count == 0) return choose_clips(store.frames(), frames, 0);
  Random random(derive_seed(scene.options.seed, "scattered clips"));
  std::vector<clips::Clip> clips;
  std::int64_t track = 0, before = 0;  // places of the tracks before `track`
  for (std::int64_t i = 0; i < count; ++i) {
    const double place = (static_cast<double>(i) + random.uniform()) / static_cast<double>(count);
    const std::int64_t at =
        std::min(total - 1, static_cast<std::int64_t>(place * static_cast<double>(total)));
    while (at - before >= places[static_cast<std::size_t>(track)]) {
      before += places[static_cast<std::size_t>(track++)];
    }
    clips.push_back({.track = track, .first_frame = at - before});
  }
  return clips;
}

at::Tensor features_of(Scene& scene, const clips::TrackStore& store,
                       const std::vector<clips::Clip>& clips, const std::string& label) {
  std::vector<at::Tensor> rows;
  for_each_batch(
      label, clips,
      [&](std::size_t, const std::vector<clips::Clip>& some) {
        rows.push_back(scene.subject->features(store.poses(some)));
      },
      64);
  return at::cat(rows);
}

}  // namespace minet::evaluation
