// t-SNE (van der Maaten and Hinton 2008) of vectors into the plane, with scikit-learn 1.x's
// defaults: start from the first two principal components with a deviation of 1e-4, affinities to
// the 3 x perplexity nearest neighbours, 250 iterations of early exaggeration 12 with momentum 0.5,
// then momentum 0.8, learning rate max(N / 12 / 4, 50), gains. The repulsion is exact, not a
// Barnes-Hut approximation: at most kMaxTsnePoints points. Deterministic, without random numbers.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace minet::evaluation {

inline constexpr std::int64_t kMaxTsnePoints = 5000;

struct TsneMapOptions {
  double perplexity = 30;
  std::int64_t iterations = 1000;
  double exaggeration = 12;  // in the first 250 iterations
};
struct TsneMap {
  std::vector<float> x, y;
  double kl = 0;  // between the affinities and the map's, nats
};
// points [N, H], float32. InputError for fewer than 4 points, more than kMaxTsnePoints, or a
// perplexity that is not below the number of points.
TsneMap tsne_map(const at::Tensor& points, const TsneMapOptions& options);

}  // namespace minet::evaluation
