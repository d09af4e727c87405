// The starting point of every metric: the model, the corpus's tracks and the clips to measure on.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation/result.hpp"
#include "evaluation/subject.hpp"
#include "minet/clips/track_store.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

inline constexpr std::int64_t kMaxClips = 1'000'000;  // to measure on

// Neither copied nor moved, because the track stores refer to `corpus`.
class Scene {
 public:
  // InputError: an option out of range, no such model or one not trained as far as `need` says, a
  // split that the corpus lacks, no track long enough for a clip.
  Scene(const EvalOptions& options, std::string metric, Need need = Need::sound);
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  const config::TrainConfig& config() const { return subject->config(); }
  const audio::SpectrogramScale& scale() const { return subject->scale(); }
  // The networks themselves; only if requested (Need::codes, Need::prior).
  models::Model& model();

  std::int64_t clip_frames() const { return config().clip_frames(); }  // T
  double clip_seconds() const { return static_cast<double>(clip_frames()) / config().frame_rate(); }
  // Seconds of distinct sound.
  double seconds(const std::vector<clips::Clip>& some) const {
    return static_cast<double>(clips::distinct_frames(some, clip_frames())) / config().frame_rate();
  }
  // How to sample, with a separate seed for each purpose and place.
  generation::SamplingChoice sampling(std::string_view purpose, std::uint64_t place) const;
  Heading heading(const std::vector<clips::Clip>& some) const {
    return {metric, options, device.str(), corpus.hash(), some.size(), seconds(some)};
  }
  Heading heading() const { return heading(clips); }
  // The track that a clip belongs to.
  const corpus::Track& track(const clips::TrackStore& store, const clips::Clip& clip) const {
    return store.tracks()[static_cast<std::size_t>(clip.track)];
  }

  const std::string metric;
  const EvalOptions options;
  const corpus::Corpus corpus;
  const at::Device device;
  const std::unique_ptr<Subject> subject;
  const clips::TrackStore tracks;        // of the split
  const clips::TrackStore train_tracks;  // for reference scores, baselines and neighbours
  const std::vector<clips::Clip> clips;  // of `tracks`
};

// Distinct clips spread evenly over the tracks, or with `count` 0 all of them end to end (the rest
// of a track after its last whole clip is not measured).
std::vector<clips::Clip> choose_clips(const std::vector<std::int64_t>& track_frames,
                                      std::int64_t clip_frames, std::int64_t count);

// The scene's clips whose tracks have notes.
std::vector<clips::Clip> noted_clips(const Scene& scene);

// `count` clips at random places, one in each of `count` equal parts of all possible starts: clips
// do not cluster, and each track is sampled in proportion to its length. For `count` 0 all clips
// end to end. InputError naming the corpus if no track is long enough.
std::vector<clips::Clip> scattered_clips(const Scene& scene, const clips::TrackStore& store,
                                         std::int64_t count);

// Calls `action` on up to `batch` clips at a time; shows progress, can be interrupted in between.
void for_each_batch(
    const std::string& label, const std::vector<clips::Clip>& clips,
    const std::function<void(std::size_t first, const std::vector<clips::Clip>&)>& action,
    std::size_t batch = 8);

// The body vectors of clips, [N, H].
at::Tensor features_of(Scene& scene, const clips::TrackStore& store,
                       const std::vector<clips::Clip>& clips, const std::string& label);

}  // namespace minet::evaluation
