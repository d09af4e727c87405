// The transformer between a prior's input and output.
#include "minet/models/prior_transformer.hpp"

#include <utility>

#include "models/layers.hpp"

namespace minet::models {

PriorTransformerImpl::PriorTransformerImpl(const config::TrainConfig& given) : PriorImpl(given) {
  blocks_ = register_module("blocks",
                            make_blocks({.width = config.prior_width(),
                                         .heads = config.prior.heads,
                                         .ffn = config.prior.ffn,
                                         .layers = config.prior.layers,
                                         .dropout = config.prior.dropout,
                                         .band = {.context = config.prior.context, .causal = true},
                                         .cross = crosses()}));
  register_output();
}

at::Tensor PriorTransformerImpl::run(at::Tensor x, const RotaryTable& rotary,
                                     const CrossInput& content) {
  for (const auto& module : *blocks_) {
    x = module->as<BlockImpl>()->forward(std::move(x), rotary, content);  // [B, T, W]
  }
  return x;
}

void PriorTransformerImpl::begin(PriorCache& cache, const at::Tensor& memory,
                                 const RotaryTable& rotary) {
  for (const auto& module : *blocks_) {
    cache.blocks.push_back(module->as<BlockImpl>()->start(cache.batch, memory, rotary));
  }
}

at::Tensor PriorTransformerImpl::advance(PriorCache& cache, at::Tensor x, const StepPlace& place) {
  for (std::size_t i = 0; i < cache.blocks.size(); ++i) {
    x = blocks_[i]->as<BlockImpl>()->step(std::move(x), place, cache.blocks[i], cache.present);
  }
  return x;
}

void PriorTransformerImpl::initialise_network(at::Generator generator) {
  for (const auto& module : *blocks_) module->as<BlockImpl>()->initialise(generator);
}

}  // namespace minet::models
