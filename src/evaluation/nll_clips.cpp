#include "evaluation/nll_clips.hpp"

#include <cstdint>

#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"

namespace minet::evaluation {
namespace {

std::vector<clips::Clip> clips_of_other_tracks(const std::vector<clips::Clip>& clips,
                                               std::uint64_t seed) {
  Random random(derive_seed(seed, "shuffled poses"));
  std::vector<clips::Clip> result;
  for (const clips::Clip& clip : clips) {
    std::vector<clips::Clip> others;
    for (const clips::Clip& other : clips) {
      if (other.track != clip.track) others.push_back(other);
    }
    if (others.empty()) return {};
    result.push_back(others[random.below(others.size())]);
  }
  return result;
}

}  // namespace

NllClips nll_clips(const Scene& scene, bool only_noted) {
  NllClips all{.clips = scene.clips,
               .bodies = clips_of_other_tracks(scene.clips, scene.options.seed)};
  if (!only_noted) return all;
  all = with_notes(scene, all);
  if (all.clips.empty()) {
    throw InputError(text(scene.options.corpus.string(), ": expected clips with notes in split '",
                          scene.options.split, "', got none; choose another split or more clips"));
  }
  return all;
}

NllClips with_notes(const Scene& scene, const NllClips& all) {
  NllClips result;
  for (std::size_t i = 0; i < all.clips.size(); ++i) {
    if (!scene.track(scene.tracks, all.clips[i]).has_notes) continue;
    result.clips.push_back(all.clips[i]);
    if (!all.bodies.empty()) result.bodies.push_back(all.bodies[i]);
  }
  return result;
}

const char* one_track_note() {
  return "All clips are of one track, so none was given another's body.\n";
}

std::string mixed_note(std::size_t noted, std::size_t clips) {
  if (noted == 0 || noted == clips) return {};
  return text("Only ", noted, " of ", clips,
              " clips have notes: results with notes and by moment are of these alone; "
              "--clips-with-notes measures everything on these.\n");
}

}  // namespace minet::evaluation
