// The notes of a clip.
#pragma once

#include <optional>
#include <vector>

#include "evaluation/scene.hpp"
#include "minet/score/note.hpp"

namespace minet::evaluation {

// For a clip of the scene's split, with times from the clip's start. A note that began earlier
// keeps its negative onset, which does not count as an onset of the clip.
std::vector<score::Note> notes_of(const Scene& scene, const clips::Clip& clip);
// What a model is given to play these clips with notes: the whole tracks' notes, with times from
// each clip's start; none for a track without notes. nullopt unless `wanted`.
std::optional<std::vector<std::vector<score::Note>>> given_notes(
    const Scene& scene, const std::vector<clips::Clip>& clips, bool wanted);

}  // namespace minet::evaluation
