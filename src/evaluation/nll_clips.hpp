// The clips of which the NLL is measured, each beside one of another track, whose body takes the
// place of its own.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "evaluation/scene.hpp"

namespace minet::evaluation {

struct NllClips {
  std::vector<clips::Clip> clips;
  std::vector<clips::Clip> bodies;  // of other tracks, drawn uniformly; empty: all are of one track
};
// `only_noted`: the clips that have notes; InputError if none has.
NllClips nll_clips(const Scene& scene, bool only_noted);
// Those of `all` that have notes, with the same bodies.
NllClips with_notes(const Scene& scene, const NllClips& all);

// For the reports: no clip was given another's body; only `noted` of the clips have notes.
const char* one_track_note();
std::string mixed_note(std::size_t noted, std::size_t clips);

}  // namespace minet::evaluation
