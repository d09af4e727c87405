// The notes of a clip.
#pragma once

#include <vector>

#include "evaluation/scene.hpp"
#include "minet/score/note.hpp"

namespace minet::evaluation {

// Of the scene's split, with times from the clip's start. A note that began before it keeps its
// negative onset, which is no onset of the clip.
std::vector<score::Note> notes_of(const Scene& scene, const clips::Clip& clip);

}  // namespace minet::evaluation
