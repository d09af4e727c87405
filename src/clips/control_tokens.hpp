// Sound and notes as tokens of plus's prior, whose frames are two hops long.
#pragma once

#include <cstdint>
#include <vector>

#include "minet/audio/controls.hpp"
#include "minet/config/train_config.hpp"
#include "minet/score/note.hpp"

namespace minet::clips {

// Columns of equal length, one row per token.
struct TokenColumns {
  std::vector<std::int64_t> onset, pitch;      // heard
  std::vector<float> loudness;                 // dB
  std::vector<std::int64_t> note, note_onset;  // requested: 0 = rest, 1 + MIDI number
  std::vector<std::int64_t> forced;            // pitch as the notes force it
};

// Appends the tokens of a track: half as many as it has frames.
void append_tokens(const audio::Controls& controls, const std::vector<score::Note>& notes,
                   const config::TrainConfig& config, TokenColumns& columns);

}  // namespace minet::clips
