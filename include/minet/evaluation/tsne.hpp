// A map of body vectors (paper figure 7): t-SNE of h of the split's clips, coloured by instrument.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "minet/evaluation/evaluation.hpp"

namespace minet::evaluation {

struct TsneOptions {
  EvalOptions common = {.clips = 0};
  double perplexity = 30;
  std::int64_t iterations = 1000;
  std::optional<std::filesystem::path> out = std::nullopt;  // new folder: tsne.svg and tsne.csv
  bool force = false;                                       // replace it
};

// Keys: kl (nats), perplexity, iterations, points, instruments, neighbour_share (share of points
// whose nearest point of another track has the same instrument), neighbour_chance (that share with
// instruments shuffled over the tracks, mean of 1000). Clips without a label are drawn grey.
EvalResult evaluate_tsne(const TsneOptions& options);

}  // namespace minet::evaluation
