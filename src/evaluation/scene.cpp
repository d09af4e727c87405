#include "evaluation/scene.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/random.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/models/device.hpp"

namespace minet::evaluation {
namespace {

// Limits the sound cached in memory: metrics stay below 2 GB, whatever limit training had.
config::TrainConfig with_small_cache(config::TrainConfig config) {
  config.data.audio_cache_mb = std::min<std::int64_t>(config.data.audio_cache_mb, 256);
  return config;
}

// Checks options before anything is loaded.
const EvalOptions& checked(const EvalOptions& options) {
  if (options.clips < 0 || options.clips > kMaxClips) {
    throw InputError(
        text("clips: expected 0 (the whole split) to ", kMaxClips, ", got ", options.clips));
  }
  models::use_threads(options.threads);
  return options;
}

corpus::Corpus open_corpus(const EvalOptions& options) {
  corpus::Corpus corpus = corpus::Corpus::open(options.corpus);
  std::map<std::string, int> counts;
  for (const corpus::Track& track : corpus.tracks()) ++counts[track.split];
  std::vector<std::string> splits;
  for (const auto& [split, count] : counts) splits.push_back(text(split, " (", count, ")"));
  for (const std::string& needed : {options.split, std::string("train")}) {
    if (counts.contains(needed)) continue;
    throw InputError(text(
        options.corpus.string(), ": expected tracks in split '", printable(needed), "'",
        needed == options.split ? "" : ", which fits the baselines", ", but the corpus has ",
        join(splits, ", "),
        needed == options.split ? "; choose one of them" : "; prepare it with training tracks"));
  }
  return corpus;
}

std::vector<clips::Clip> clips_of(const EvalOptions& options, const clips::TrackStore& tracks,
                                  const config::TrainConfig& config) {
  std::vector<clips::Clip> clips =
      choose_clips(tracks.frames(), config.clip_frames(), options.clips);
  if (clips.empty()) {
    throw InputError(text(options.corpus.string(), ": expected a track of at least ",
                          config.data.clip_seconds, " s in split '", options.split,
                          "', but all are shorter; prepare longer recordings"));
  }
  return clips;
}

}  // namespace

Scene::Scene(const EvalOptions& given, std::string name, Need need)
    : metric(std::move(name)),
      options(checked(given)),
      corpus(open_corpus(options)),
      device(models::select_device(options.device)),
      subject(load_subject(options.model, device, metric, need)),
      tracks(corpus, options.split, with_small_cache(config())),
      train_tracks(corpus, "train", with_small_cache(config())),
      clips(clips_of(options, tracks, config())) {}

models::Model& Scene::model() {
  models::Model* const model = subject->model();
  if (model == nullptr) {
    throw WorkError(text(metric, ": expected the networks of MI Net, got a ", subject->kind()));
  }
  return *model;
}

generation::SamplingChoice Scene::sampling(std::string_view purpose, std::uint64_t place) const {
  generation::SamplingChoice choice = options.sampling;
  choice.seed = derive_seed(options.seed, purpose, place);
  return choice;
}

std::vector<clips::Clip> choose_clips(const std::vector<std::int64_t>& track_frames,
                                      std::int64_t clip_frames, std::int64_t count) {
  std::vector<clips::Clip> chosen;
  if (count == 0) {
    for (std::size_t track = 0; track < track_frames.size(); ++track) {
      for (std::int64_t first = 0; first + clip_frames <= track_frames[track];
           first += clip_frames) {
        chosen.push_back({.track = static_cast<std::int64_t>(track), .first_frame = first});
      }
    }
    return chosen;
  }
  // A short track may have fewer distinct clips than requested: none counts twice.
  std::set<std::pair<std::int64_t, std::int64_t>> seen;
  for (const clips::Clip& clip : clips::even_clips(track_frames, clip_frames, count)) {
    if (seen.emplace(clip.track, clip.first_frame).second) chosen.push_back(clip);
  }
  return chosen;
}

std::vector<clips::Clip> noted_clips(const Scene& scene) {
  std::vector<clips::Clip> clips;
  for (const clips::Clip& clip : scene.clips) {
    if (scene.track(scene.tracks, clip).has_notes) clips.push_back(clip);
  }
  return clips;
}

void for_each_batch(
    const std::string& label, const std::vector<clips::Clip>& clips,
    const std::function<void(std::size_t first, const std::vector<clips::Clip>&)>& action,
    std::size_t batch) {
  Progress progress(label, static_cast<std::int64_t>(clips.size()), "clips");
  for (std::size_t first = 0; first < clips.size(); first += batch) {
    throw_if_stopped("stopped while evaluating; nothing was written");
    const std::size_t last = std::min(first + batch, clips.size());
    action(first, {clips.begin() + static_cast<std::ptrdiff_t>(first),
                   clips.begin() + static_cast<std::ptrdiff_t>(last)});
    progress.update(static_cast<std::int64_t>(last));
  }
  progress.finish();
}

std::vector<clips::Clip> scattered_clips(const Scene& scene, const clips::TrackStore& store,
                                         std::int64_t count) {
  const std::int64_t frames = scene.clip_frames();
  std::vector<std::int64_t> places;  // by track: number of possible starts of a clip
  for (const std::int64_t track_frames : store.frames()) {
    places.push_back(std::max<std::int64_t>(0, track_frames - frames + 1));
  }
  const std::int64_t total = std::accumulate(places.begin(), places.end(), std::int64_t{0});
  if (total == 0) {
    throw InputError(text(scene.options.corpus.string(), ": expected a track of at least ",
                          scene.config().data.clip_seconds,
                          " s in split 'train', but all are shorter; prepare longer recordings"));
  }
  if (count == 0) return choose_clips(store.frames(), frames, 0);
  Random random(derive_seed(scene.options.seed, "scattered clips"));
  std::vector<clips::Clip> clips;
  std::int64_t track = 0, before = 0;  // `before`: places in the tracks before `track`
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
