// How well the prior predicts the codes (paper section 4: test NLL), beside uniform, unigram and
// smoothed bigram models.
#pragma once

#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

struct NllOptions {
  EvalOptions common = {};
  bool clips_with_notes = false;  // leave out the clips of tracks without notes
};

// Keys: unit, such as "nats per code of 16.0 ms". In nats per code: nll_nats (without notes, of all
// clips) and, if the model was trained with notes and clips have some, nll_notes_nats (of those
// clips). For both prefixes, nll and nll_notes: _standard_error over clips, _bits_per_second,
// _shuffled_pose_nats (each clip with the body of a clip of another track), _pose_gain_nats
// (shuffled minus true: above 0 if the prior makes use of the body) and _pose_gain_standard_error;
// these three are absent if all clips are of one track. If clips have notes, also _moments (results
// by position in the notes): an object of onset, sustain, rest and between (definitions:
// src/evaluation/statistics/moments.hpp; one without codes is absent), each with share (of the
// codes of clips with notes), clips, nats, standard_error and, if bodies were shuffled,
// pose_gain_nats and pose_gain_standard_error. In `baselines`: uniform, unigram, bigram (formulas:
// src/evaluation/code_models.hpp), each with nll_nats and bits_per_second. Also: repeat_share (of
// the codes that equal the one before), clips_with_notes, codes (K).
//
// For plus, which has no codes, in nats per frame of 32 ms: nll_nats (onset, pitch and level
// together), nll_bits_per_second, nll_shuffled_pose_nats, nll_pose_gain_nats,
// nll_onset_and_pitch_nats, nll_level_nats, nll_at_onsets_nats (onset and pitch where a note
// begins; absent if none does) and its pose gain, nll_notes_level_nats (the level if notes are
// given, of the clips that have them; absent if the model was trained without notes) and its pose
// gain, and clips_with_notes. InputError: no clip has notes, although only those are requested.
EvalResult evaluate_nll(const NllOptions& options);

}  // namespace minet::evaluation
