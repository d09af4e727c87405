// What a code says about a label (the note that sounds, the instrument that plays), in bits per
// frame.
//
// label_bits     H(label): what can be said at most
// bits           I(code; label) of the counts. Too high, by about (codes in use) * (labels) /
//                (2 ln 2 * independent frames), and frames of a held note are far from independent
// floor_bits     so beside it the same figure for codes that know nothing: each clip's codes with
//                the labels of a clip of another track; mean of 16 draws. The difference is what
//                is known
// held_out_bits  H(label) - mean of -log2 p(label | code), p from training tracks only: what a code
//                says about new tracks; what a codebook knows about single recordings
//                does not count, and it may be below 0. A lower bound:
//                  p(l | c) = (n_cl + m u(l)) / (n_c + m),  u(l) = (n_l + 1) / (N + L)
//                with counts n of training frames and the m that predicts held-out training tracks
//                best (every fifth)
// Letters: K codes, L labels.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "evaluation/code_models.hpp"

namespace minet::evaluation {

struct LabelledClip {
  CodeSequence codes;                // [T]
  std::vector<std::int64_t> labels;  // [T], 0 .. L - 1; below 0: the frame does not count
  std::int64_t track = 0;
};

struct Information {
  std::int64_t frames = 0;
  double label_bits = 0;
  double bits = 0;
  std::optional<double> floor_bits = std::nullopt;     // absent: all clips are of one track
  std::optional<double> held_out_bits = std::nullopt;  // absent: `train` holds under two tracks
};

struct InformationOptions {
  std::int64_t codes = 0, labels = 0;  // K, L
  std::uint64_t seed = 1;
};
// `train` are clips of other tracks than `judged`, or empty.
Information information(const std::vector<LabelledClip>& judged,
                        const std::vector<LabelledClip>& train, const InformationOptions& options);

}  // namespace minet::evaluation
