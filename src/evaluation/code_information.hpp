// How much a code says about a label (the sounding note, the playing instrument), in bits per
// frame.
//
// label_bits     H(label): the maximum
// bits           I(code; label) from counts. Too high by about (codes in use) * (labels) / (2 ln 2
// *
//                independent frames), and frames of a held note are far from independent
// floor_bits     the chance level, for comparison: the same for uninformative codes, each clip's
//                codes with the labels of a clip of another track; mean of 16 draws. The difference
//                is the information proper
// held_out_bits  H(label) - mean of -log2 p(label | code), p from training tracks only: how much a
//                code says about new tracks; knowledge about single recordings does not count, and
//                the value may be below 0. A lower bound:
//                  p(l | c) = (n_cl + m u(l)) / (n_c + m),  u(l) = (n_l + 1) / (N + L)
//                with counts n of training frames and the m that best predicts held-out training
//                tracks (every fifth)
// Letters: K codes, L labels.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "evaluation/code_models.hpp"

namespace minet::evaluation {

struct LabelledClip {
  CodeSequence codes;                // [T]
  std::vector<std::int64_t> labels;  // [T], 0 .. L - 1; negative: the frame does not count
  std::int64_t track = 0;
};

struct Information {
  std::int64_t frames = 0;
  double label_bits = 0;
  double bits = 0;
  std::optional<double> floor_bits = std::nullopt;     // absent: all clips are of one track
  std::optional<double> held_out_bits = std::nullopt;  // absent: `train` has under two tracks
};

struct InformationOptions {
  std::int64_t codes = 0, labels = 0;  // K, L
  std::uint64_t seed = 1;
};
// `train`: clips of tracks other than those of `judged`, or empty.
Information information(const std::vector<LabelledClip>& judged,
                        const std::vector<LabelledClip>& train, const InformationOptions& options);

}  // namespace minet::evaluation
