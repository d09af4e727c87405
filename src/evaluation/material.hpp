// What the metrics start from: the model, the corpus's tracks and the clips to measure on.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "minet/clips/track_store.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/evaluation/evaluation.hpp"
#include "minet/models/model.hpp"

namespace minet::evaluation {

struct Need {
  std::string metric;  // its name, for messages and JSON
  bool prior = false;  // a trained prior, not only a VQ-VAE
};

// What every result says of itself.
struct Heading {
  std::string metric;
  EvalOptions options;
  std::string corpus_hash;
  std::size_t clips = 0;
  double seconds = 0;
};

// Steps of a start that Material and Scene (scene.hpp) share. InputError: an option out of range, a
// split that the corpus lacks, no clip long enough.
const EvalOptions& checked(const EvalOptions& options);
corpus::Corpus open_corpus(const EvalOptions& options);
std::vector<clips::Clip> clips_of(const EvalOptions& options, const clips::TrackStore& tracks,
                                  const config::TrainConfig& config);

// The track stores look into `corpus`, so this stays where it was made.
class Material {
 public:
  Material(const EvalOptions& options, const Need& need);
  Material(const Material&) = delete;
  Material& operator=(const Material&) = delete;

  std::int64_t clip_frames() const { return model.config.clip_frames(); }  // T
  double clip_seconds() const {
    return static_cast<double>(clip_frames()) / model.config.frame_rate();
  }
  Heading heading() const { return {metric, options, corpus.hash(), clips.size(), seconds()}; }
  double seconds() const { return static_cast<double>(clips.size()) * clip_seconds(); }

  const std::string metric;
  const EvalOptions options;
  const corpus::Corpus corpus;
  const at::Device device;
  models::Model model;
  const clips::TrackStore tracks;        // of the split
  const clips::TrackStore train_tracks;  // for the baselines
  const std::vector<clips::Clip> clips;  // of `tracks`
};

// Different clips spread evenly over the tracks, or with `count` 0 all of them end to end (what is
// left of a track after its last whole clip is not measured).
std::vector<clips::Clip> choose_clips(const std::vector<std::int64_t>& track_frames,
                                      std::int64_t clip_frames, std::int64_t count);

// `action` on up to `batch` clips at a time, with progress; honours a stop between them.
void for_each_batch(
    const std::string& label, const std::vector<clips::Clip>& clips,
    const std::function<void(std::size_t first, const std::vector<clips::Clip>&)>& action,
    std::size_t batch = 8);

// The keys that every metric has.
nlohmann::ordered_json begin_json(const Heading& heading);
inline nlohmann::ordered_json begin_json(const Material& material) {
  return begin_json(material.heading());
}
std::string dump(const nlohmann::ordered_json& json);
std::string headline(const Heading& heading);  // "nll of X on 64 clips (256 s) of split 'test'…"
inline std::string headline(const Material& material) {
  return headline(material.heading());
}

}  // namespace minet::evaluation
