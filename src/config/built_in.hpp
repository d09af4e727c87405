// Choices that no key changes, with their origin: none of ours must pass for the paper's.
#pragma once

#include <array>

#include "config/checks.hpp"

namespace minet::config {

struct BuiltIn {
  const char* part;
  const char* what;
  Origin origin;
  const char* doc;
};

inline constexpr std::array<BuiltIn, 6> kBuiltIn{
    {{"pose", "centred and scaled", Origin::ours,
      "the median neck of a track is the origin, its median shoulder width is 1, so that camera "
      "and position cannot identify players"},
     {"vqvae", "ReLU after the stems", Origin::ours,
      "the first convolution of encoder and decoder is followed by a ReLU"},
     {"vqvae_training", "means in the loss", Origin::ours,
      "both terms are means over their elements; the paper sums over 1024 bins and over the 64 "
      "numbers of a code, so beta 0.25 here is 0.25 * 1024 / 64 = 4 there"},
     {"prior, content", "norm first", Origin::ours,
      "layer norms come before attention and feed-forward, with one more at the end; GPT-1 has "
      "them after the residual sums"},
     {"prior, content", "rotary positions", Origin::ours,
      "arXiv 2104.09864; GPT-1 learns one vector per position, and has none beyond a clip"},
     {"prior", "projected cross-attention", Origin::ours,
      "multi-head, with projections of queries, keys and values; the paper writes softmax(A M^T "
      "/ sqrt(D)) M"}}};

}  // namespace minet::config
