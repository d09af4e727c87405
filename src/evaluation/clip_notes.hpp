// The notes of a clip.
#pragma once

#include <optional>
#include <vector>

#include "evaluation/scene.hpp"
#include "minet/score/note.hpp"

namespace minet::evaluation {

// All notes of a clip's track, with times from the clip's start: those outside of the clip have an
// effect too, as a note rings on after its end. None for a track without notes.
std::vector<score::Note> notes_of(const Scene& scene, const clips::Clip& clip);
// What a model is given to play these clips with notes; nullopt unless `wanted`.
std::optional<std::vector<std::vector<score::Note>>> given_notes(
    const Scene& scene, const std::vector<clips::Clip>& clips, bool wanted);

}  // namespace minet::evaluation
