// The stages through which a clip's sound passes, to show which of them loses what: as recorded
// (real), its magnitudes with reconstructed phases (inverted), through the codes or, for plus, from
// its own pitch and loudness (reconstruction; not for the baselines), generated from the keypoints
// and, if the model was given the notes, once more from the keypoints alone (keypoints_alone).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "evaluation/code_models.hpp"
#include "evaluation/scene.hpp"
#include "minet/audio/sound.hpp"

namespace minet::evaluation {

struct Stage {
  std::string name;  // "real", "inverted", "reconstruction", "generated" or "keypoints_alone"
  audio::Sound sound;
  CodeSequence codes = {};  // that it was made from, for reconstruction and generated sound
};

struct ChainOptions {
  bool notes = false;            // generate with the tracks' notes
  bool alone = false;            // in addition, if notes are given: from the keypoints alone
  std::int64_t iterations = 16;  // of phase reconstruction
};

// Calls `action` with the index of each clip in `clips` and its stages in order.
void for_each_chain(Scene& scene, const std::vector<clips::Clip>& clips,
                    const ChainOptions& options,
                    const std::function<void(std::size_t, std::span<const Stage>)>& action);

// What the model plays for some clips, the first of which has number `first`.
std::vector<Stage> generated_stages(Scene& scene, std::size_t first, const ClipInput& input,
                                    std::int64_t iterations);

// A clip's own samples; zeros after the end of its track.
audio::Sound real_sound(const Scene& scene, const clips::TrackStore& store,
                        const clips::Clip& clip);

}  // namespace minet::evaluation
