#include "evaluation/material.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/models/device.hpp"

namespace minet::evaluation {
namespace {

constexpr std::int64_t kMaxClips = 1'000'000;

models::Model load(const EvalOptions& options, const Need& need, const at::Device& device) {
  models::Model model = models::load_model(options.model);
  const std::string name = options.model.string();
  if (!model.vqvae->quantizer->is_started()) {
    throw InputError(text(name,
                          ": expected a model with a trained codebook, but its codebook has not "
                          "started; go on with mi_train --resume past vqvae.plain_steps"));
  }
  if (need.prior && !model.prior_trained) {
    throw InputError(text(name, ": expected a model with a trained prior for ", need.metric,
                          ", but only its VQ-VAE is; go on with mi_train --stage prior --resume"));
  }
  model.to(device);
  model.eval();
  return model;
}

}  // namespace

// Before anything is loaded.
const EvalOptions& checked(const EvalOptions& options) {
  if (options.clips < 0 || options.clips > kMaxClips) {
    throw InputError(
        text("--clips: expected 0 (the whole split) to ", kMaxClips, ", got ", options.clips));
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
    throw InputError(text(options.corpus.string(), ": expected tracks in split '",
                          printable(needed), "'",
                          needed == options.split ? "" : ", which fits the baselines",
                          ", but the corpus has ", join(splits, ", "),
                          needed == options.split ? "; choose one with --split"
                                                  : "; prepare it with training tracks"));
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

Material::Material(const EvalOptions& given, const Need& need)
    : metric(need.metric),
      options(checked(given)),
      corpus(open_corpus(options)),
      device(models::select_device(options.device)),
      model(load(options, need, device)),
      tracks(corpus, options.split, model.config),
      train_tracks(corpus, "train", model.config),
      clips(clips_of(options, tracks, model.config)) {}

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
  // A short track has fewer different clips than asked for: none counts twice.
  std::set<std::pair<std::int64_t, std::int64_t>> seen;
  for (const clips::Clip& clip : clips::even_clips(track_frames, clip_frames, count)) {
    if (seen.emplace(clip.track, clip.first_frame).second) chosen.push_back(clip);
  }
  return chosen;
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

nlohmann::ordered_json begin_json(const Heading& heading) {
  nlohmann::ordered_json json;
  json["metric"] = heading.metric;
  json["model"] = heading.options.model.string();
  json["corpus"] = heading.options.corpus.string();
  json["corpus_hash"] = heading.corpus_hash;
  json["split"] = heading.options.split;
  json["seed"] = heading.options.seed;
  json["version"] = version();
  json["clips"] = heading.clips;
  json["seconds"] = heading.seconds;
  return json;
}

std::string dump(const nlohmann::ordered_json& json) {
  // A path that is not UTF-8 is no reason to lose the figures.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string headline(const Heading& heading) {
  return text(heading.metric, " of ", heading.options.model.string(), " on ", heading.clips,
              " clips (", human_duration(heading.seconds), ") of split '", heading.options.split,
              "' of ", heading.options.corpus.string());
}

}  // namespace minet::evaluation
