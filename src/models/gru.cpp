#include "models/gru.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "models/initialise.hpp"

namespace minet::models {

torch::nn::GRU make_gru(const GruShape& shape) {
  return torch::nn::GRU(torch::nn::GRUOptions(shape.in, shape.hidden)
                            .num_layers(shape.layers)
                            .bidirectional(shape.both_ways)
                            .dropout(shape.layers > 1 ? shape.dropout : 0)  // torch warns otherwise
                            .batch_first(true));
}

at::Tensor both_directions(const at::Tensor& states) {
  const std::int64_t layers = states.size(0) / 2, batch = states.size(1), hidden = states.size(2);
  return states.view({layers, 2, batch, hidden})
      .transpose(1, 2)
      .reshape({layers, batch, 2 * hidden});
}

void draw_gru(torch::nn::GRU& gru, std::int64_t hidden, at::Generator generator) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));  // PyTorch's default
  for (const at::Tensor& weight : gru->parameters()) draw_uniform(weight, bound, generator);
}

}  // namespace minet::models
