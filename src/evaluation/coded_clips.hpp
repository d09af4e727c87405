// Clips as codes, the model's and those of PCA + k-means, with what is played in each frame.
#pragma once

#include <string>
#include <vector>

#include "evaluation/code_information.hpp"
#include "evaluation/code_models.hpp"
#include "evaluation/frame_baselines.hpp"
#include "evaluation/labels.hpp"
#include "evaluation/scene.hpp"

namespace minet::evaluation {

CodeSequence sequence_of(const at::Tensor& codes /* [T] int64 */);

struct CodedClip {
  CodeSequence model, kmeans;       // [T]
  std::vector<std::int64_t> notes;  // [T] MIDI number of the latest note, -1 in a rest; empty if
                                    // the track has no notes
  std::int64_t instrument = -1;     // index into Labels::names; -1: unknown
  std::int64_t track = 0;
};

// Shows progress; can be interrupted.
std::vector<CodedClip> code_clips(Scene& scene, const clips::TrackStore& store,
                                  const std::vector<clips::Clip>& clips,
                                  const FrameCodebook& kmeans);

using CodesOfClip = CodeSequence CodedClip::*;
std::vector<CodeSequence> sequences(const std::vector<CodedClip>& clips, CodesOfClip codes);
// Frames in rests do not count, nor do clips without notes or label. A clip with a label but no
// notes counts in full.
std::vector<LabelledClip> with_notes(const std::vector<CodedClip>& clips, CodesOfClip codes);
std::vector<LabelledClip> with_instruments(const std::vector<CodedClip>& clips, CodesOfClip codes);

}  // namespace minet::evaluation
