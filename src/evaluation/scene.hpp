// What the metrics that see a model as a Subject start from: the subject, the corpus's tracks and
// the clips to measure on. The ones that look into the networks use Material.
#pragma once

#include <c10/core/Device.h>

#include <memory>
#include <string>
#include <vector>

#include "evaluation/material.hpp"
#include "evaluation/subject.hpp"
#include "minet/clips/track_store.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

// The track stores look into `corpus`, so this stays where it was made.
class Scene {
 public:
  Scene(const EvalOptions& options, std::string metric);
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  std::int64_t clip_frames() const { return subject->config().clip_frames(); }  // T
  Heading heading() const;
  // The track that a clip is of.
  const corpus::Track& track(const clips::TrackStore& store, const clips::Clip& clip) const {
    return store.tracks()[static_cast<std::size_t>(clip.track)];
  }

  const std::string metric;
  const EvalOptions options;
  const corpus::Corpus corpus;
  const at::Device device;
  const std::unique_ptr<Subject> subject;
  const clips::TrackStore tracks;        // of the split
  const clips::TrackStore train_tracks;  // for floors, baselines and neighbours
  const std::vector<clips::Clip> clips;  // of `tracks`
};

// `count` clips at random places, one in each of `count` equal parts of all places that a clip can
// begin at: no two runs of clips from the same stretch, every track by its length. All of them end
// to end for `count` 0. InputError naming the corpus if no track is long enough.
std::vector<clips::Clip> scattered_clips(const Scene& scene, const clips::TrackStore& store,
                                         std::int64_t count);

// The body vectors of clips, [N, H].
at::Tensor features_of(Scene& scene, const clips::TrackStore& store,
                       const std::vector<clips::Clip>& clips, const std::string& label);

}  // namespace minet::evaluation
