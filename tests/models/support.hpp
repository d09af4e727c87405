// Small models and comparisons for the tests of the room.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <functional>
#include <string>

#include "minet/core/errors.hpp"
#include "minet/models/model.hpp"

namespace minet::models {

// How close to the mirror's numbers the results must be.
constexpr double kOutput = 1e-5;    // of the largest entry
constexpr double kGradient = 1e-4;  // of the largest entry

// A small model with the structure of the paper's.
inline config::TrainConfig small_config() {
  config::TrainConfig config;
  config.spectrogram.n_fft = 64;
  config.spectrogram.bins = 32;
  config.spectrogram.hop = 8;
  config.vqvae.channels = 16;
  config.vqvae.bands = {8, 4, 2};
  config.vqvae.residual_blocks = 1;
  config.vqvae.codes = 24;
  config.vqvae.code_width = 8;
  config.vqvae.kmeans_vectors = 64;
  config.body.hidden = 4;
  config.body.layers = 2;
  config.prior.heads = 2;
  config.prior.ffn = 24;
  config.prior.context = 12;
  config.content.heads = 4;
  config.content.ffn = 20;
  return config;
}

// The shapes that a prior can have.
struct PriorShape {
  const char* name;
  config::Alignment alignment;
  config::PriorHead head;
  bool content;
};
inline void PrintTo(const PriorShape& shape, std::ostream* out) {
  *out << shape.name;
}
inline constexpr PriorShape kPriorShapes[] = {
    {"Alone", config::Alignment::cross_attention, config::PriorHead::linear, false},
    {"Cross", config::Alignment::cross_attention, config::PriorHead::linear, true},
    {"Added", config::Alignment::added, config::PriorHead::tied, true},
    {"Both", config::Alignment::both, config::PriorHead::tied, true}};

inline at::Tensor random_tensor(at::IntArrayRef shape, std::uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::empty(shape).normal_(0, 1, generator);
}

inline at::Tensor random_ints(at::IntArrayRef shape, std::int64_t bound, std::uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::empty(shape, at::kLong).random_(0, bound, generator);
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  if (a.sizes() != b.sizes()) return 1e30;
  if (a.numel() == 0) return 0;
  return (a - b).abs().max().item<double>();
}

// The transformers' initial weights are so small that outputs hardly change; tests of receptive
// fields need larger ones. Also moves biases away from zero.
inline void enlarge(torch::nn::Module& module, std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    const at::Tensor noise = random_tensor(item.value().sizes(), seed++);
    const bool vector = item.value().dim() < 2;
    item.value().add_(noise, vector ? 0.1 : 0.25);
  }
}

// The message of the InputError that `work` throws; a failure if it throws none.
inline std::string input_error(const std::function<void()>& work) {
  try {
    work();
  } catch (const InputError& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "expected an InputError, got: " << error.what();
    return "";
  }
  ADD_FAILURE() << "expected an InputError, got none";
  return "";
}

inline void expect_gradient_everywhere(const torch::nn::Module& module) {
  for (const auto& item : module.named_parameters()) {
    EXPECT_TRUE(item.value().grad().defined()) << item.key();
    if (!item.value().grad().defined()) continue;
    EXPECT_GT(item.value().grad().abs().sum().item<double>(), 0) << item.key();
  }
}

}  // namespace minet::models
