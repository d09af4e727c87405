// Which codes a model uses, how long it holds them and what they encode (notes, instruments or
// both), beside frame-wise PCA + k-means with as many codes; and a dictionary of their sounds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

struct CodebookOptions {
  EvalOptions common = {.clips = 0};
  std::int64_t baseline_frames =
      48'000;  // random training frames that fit PCA and k-means; at most
  // A new folder for the sound dictionary: index.html (everything, to see and hear), codes.csv,
  // notes.csv and instruments.csv (if the corpus has them), sound/<code>.wav (the decoder's output
  // for that code, held).
  std::optional<std::filesystem::path> out = std::nullopt;
  std::int64_t dictionary_codes = 64;  // the most used ones; 0: every code in use
  bool force = false;                  // replace the folder
};

// Keys of the JSON:
//   codes             K
//   codes_used, perplexity, unused, repeat_share: of the measured clips' codes
//   codes_for_half, codes_for_most: the fewest codes that make up half and 90 % of the sound
//   hold              runs of one code, cut at the clips' ends: mean_ms, median_ms, p90_ms,
//                     longest_ms
//   by_rank           the codes in use, most used first: codes and counts
//   train_clips       all of split 'train'
//   dead              codes that no training clip has
//   about_note, about_instrument: what a code tells about them, in bits (definitions:
//                     src/evaluation/code_information.hpp), if the corpus has notes and labels:
//                     frames, label_bits, bits and, if they can be measured, floor_bits and
//                     held_out_bits
//   baselines         pca_kmeans: the same results for its codes
//   baseline_frames
EvalResult evaluate_codebook(const CodebookOptions& options);

}  // namespace minet::evaluation
