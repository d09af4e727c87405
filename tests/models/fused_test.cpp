// The training paths of the CPU (winograd.hpp, fused_attention.hpp, fused_gru.hpp) against
// LibTorch's own operators: values and gradients, for each instruction set of this processor.
#include "models/cpu/fused_attention.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/rnn.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "minet/models/precision.hpp"
#include "models/cpu/compute_paths.hpp"
#include "models/cpu/fused_gru.hpp"
#include "models/cpu/winograd.hpp"
#include "models/cpu/winograd_kernels.hpp"
#include "models/gru.hpp"
#include "models/support.hpp"

namespace minet::models {
namespace {

using Tensors = std::vector<at::Tensor>;
using Work = std::function<at::Tensor(const Tensors&)>;

class FusedKernels : public ::testing::TestWithParam<InstructionSet> {
  const OtherPaths paths_{{.instructions = GetParam()}};
};

// The value of `work` and its gradients for every input, for a random weighting of the output.
Tensors value_and_gradients(const Work& work, const Tensors& inputs) {
  Tensors leaves;
  for (const at::Tensor& input : inputs) leaves.push_back(input.clone().requires_grad_());
  const at::Tensor value = work(leaves);
  (value * random_tensor(value.sizes(), 99)).sum().backward();
  Tensors result{value.detach()};
  for (const at::Tensor& leaf : leaves) result.push_back(leaf.grad());
  return result;
}

void expect_same(const Work& fused, const Work& reference, const Tensors& inputs, double allowed) {
  const Tensors a = value_and_gradients(fused, inputs);
  const Tensors b = value_and_gradients(reference, inputs);
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_TRUE(a[i].defined()) << i;
    EXPECT_LE(largest_difference(a[i], b[i]), allowed * (1 + b[i].abs().max().item<double>()))
        << (i == 0 ? std::string("value") : "gradient of input " + std::to_string(i - 1));
  }
}

struct ConvCase {
  std::int64_t batch, in, out, groups, frames;
};
constexpr ConvCase kConvCases[] = {{1, 3, 5, 1, 1},   {2, 8, 8, 2, 2},   {2, 32, 32, 4, 3},
                                   {3, 20, 12, 4, 4}, {2, 40, 24, 1, 5}, {2, 64, 64, 2, 8},
                                   {1, 33, 17, 1, 31}};

TEST_P(FusedKernels, ConvolutionsAndTheirGradientsAreTheDirectOnes) {
  for (const ConvCase& one : kConvCases) {
    for (const bool relu : {false, true}) {
      SCOPED_TRACE(::testing::Message() << one.in << " to " << one.out << ", " << one.groups
                                        << " groups, " << one.frames << " frames, relu " << relu);
      const Tensors inputs{random_tensor({one.batch, one.in, one.frames}, 1),
                           random_tensor({one.out, one.in / one.groups, 3}, 2),
                           random_tensor({one.out}, 3)};
      expect_same(
          [&](const Tensors& x) {
            return winograd_conv(x[0], {x[1], x[2], one.groups}, relu);
          },
          [&](const Tensors& x) {
            const at::Tensor y = at::conv1d(x[0], x[1], x[2], 1, 1, 1, one.groups);
            return relu ? y.relu() : y;
          },
          inputs, 3e-5);
    }
  }
}

TEST_P(FusedKernels, ResidualBlocksAreTheirConvolutionsAndTheSum) {
  for (const std::int64_t groups : {1, 2}) {
    const Tensors inputs{random_tensor({2, 24, 11}, 1), random_tensor({24, 24 / groups, 3}, 2),
                         random_tensor({24}, 3), random_tensor({24, 24 / groups, 3}, 4),
                         random_tensor({24}, 5)};
    expect_same(
        [&](const Tensors& x) {
          return winograd_residual(x[0], {x[1], x[2], groups}, {x[3], x[4], groups});
        },
        [&](const Tensors& x) {
          const at::Tensor inner = at::conv1d(x[0], x[1], x[2], 1, 1, 1, groups).relu();
          return x[0] + at::conv1d(inner, x[3], x[4], 1, 1, 1, groups);
        },
        inputs, 3e-5);
  }
}

// Rounded to 8 bits, and Winograd's transforms amplify the error: about 1 % (0.24 % without them).
TEST_P(FusedKernels, ConvolutionsInBf16AreNearTheDirectOnes) {
  if (!has_bf16_products()) GTEST_SKIP() << "this processor has no AVX512-BF16";
  for (const std::int64_t groups : {1, 4}) {
    const Tensors inputs{random_tensor({2, 64, 21}, 1), random_tensor({48, 64 / groups, 3}, 2),
                         random_tensor({48}, 3)};
    const auto convolve = [&](config::Precision precision) {
      return value_and_gradients(
          [&](const Tensors& x) {
            const AutocastScope autocast(precision, at::kCPU);
            return winograd_conv(x[0], {x[1], x[2], groups}, /*relu=*/false);
          },
          inputs);
    };
    const Tensors exact = convolve(config::Precision::float32);
    const Tensors rounded = convolve(config::Precision::bf16);
    for (std::size_t i = 0; i < exact.size(); ++i) {
      EXPECT_EQ(rounded[i].scalar_type(), at::kFloat) << i;
      EXPECT_LT((rounded[i] - exact[i]).norm().item<double>(),
                2e-2 * exact[i].norm().item<double>())
          << i;
    }
    EXPECT_FALSE(at::equal(rounded[0], exact[0]));  // it did compute in bf16
  }
}

TEST_P(FusedKernels, Bfloat16IsRoundedAsByLibTorch) {
  constexpr std::int64_t kCount = 37;
  at::Tensor weights = random_tensor({kCount, 3}, 1);
  const float infinite = std::numeric_limits<float>::infinity();
  const float special[] = {0.0F,          -0.0F,          infinite,    -infinite,
                           std::nanf(""), -std::nanf(""), 1.00390625F, 1.01171875F,
                           3.4028235e38F, 1e-40F};  // two ties, the largest
  for (std::int64_t i = 0; i < std::ssize(special); ++i) weights[i][2] = special[i];
  const at::Tensor points = at::empty({6, kCount}, at::kBFloat16);
  winograd_kernels<Bfloat16>().weights(
      weights.const_data_ptr<float>(), kCount,
      reinterpret_cast<Bfloat16*>(points.mutable_data_ptr<at::BFloat16>()), kCount);
  const at::Tensor expected = weights.select(1, 2).to(at::kBFloat16);  // the last point is w2
  EXPECT_TRUE(at::allclose(points[5], expected, 0, 0, /*equal_nan=*/true)) << points[5] << expected;
}

at::Tensor heads_of(const at::Tensor& x, std::int64_t heads) {
  return x.view({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
}

at::Tensor reference_attention(const Tensors& qkv, const RotaryTable& rotary, std::int64_t heads,
                               bool causal) {
  return at::scaled_dot_product_attention(rotate(heads_of(qkv[0], heads), rotary),
                                          rotate(heads_of(qkv[1], heads), rotary),
                                          heads_of(qkv[2], heads), {}, 0.0, causal)
      .transpose(1, 2)
      .flatten(2);
}

TEST_P(FusedKernels, AttentionAndItsGradientsAreLibTorchs) {
  for (const std::int64_t steps : {1, 7, 16, 37}) {
    for (const std::int64_t head_width : {4, 16, 20}) {
      for (const bool causal : {false, true}) {
        SCOPED_TRACE(::testing::Message()
                     << steps << " steps, heads of " << head_width << ", causal " << causal);
        const std::int64_t heads = 3, width = heads * head_width;
        const RotaryTable rotary =
            make_rotary({.count = steps, .head_width = head_width}, at::kFloat);
        expect_same(
            [&](const Tensors& x) {
              return fused_attention(x[0], rotary, {.heads = heads, .causal = causal});
            },
            [&](const Tensors& x) {
              return reference_attention(x[0].chunk(3, 2), rotary, heads, causal);
            },
            {random_tensor({2, steps, 3 * width}, 1) * 2}, 2e-5);
        expect_same(
            [&](const Tensors& x) {
              return fused_attention(x[0], x[1], rotary, {.heads = heads, .causal = causal});
            },
            [&](const Tensors& x) {
              const Tensors kv = x[1].chunk(2, 2);
              return reference_attention({x[0], kv[0], kv[1]}, rotary, heads, causal);
            },
            {random_tensor({2, steps, width}, 1) * 2, random_tensor({2, steps, 2 * width}, 2)},
            2e-5);
      }
    }
  }
}

TEST_P(FusedKernels, TheGruAndItsGradientsAreLibTorchs) {
  for (const std::int64_t hidden : {4, 20}) {
    for (const std::int64_t steps : {1, 6}) {
      torch::nn::GRU gru = make_gru({.in = 9, .hidden = hidden, .layers = 3, .both_ways = true});
      Tensors inputs{random_tensor({3, steps, 9}, 1)};
      for (const at::Tensor& weight : gru->all_weights()) {
        inputs.push_back(random_tensor(weight.sizes(), inputs.size()) * 0.5);
      }
      const auto weights = [](const Tensors& x) { return Tensors(x.begin() + 1, x.end()); };
      expect_same([&](const Tensors& x) { return fused_gru_states(x[0], weights(x)); },
                  [&](const Tensors& x) {
                    const auto [all, last] = at::gru(x[0], at::zeros({6, 3, hidden}), weights(x),
                                                     true, 3, 0.0, true, true, true);
                    return at::cat({last[4], last[5]}, 1);
                  },
                  inputs, 2e-5);
    }
  }
}

TEST_P(FusedKernels, ThreadsDoNotChangeAnything) {
  const int before = at::get_num_threads();
  const RotaryTable rotary = make_rotary({.count = 20, .head_width = 8}, at::kFloat);
  std::vector<Tensors> results;
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    results.push_back(value_and_gradients(
        [&](const Tensors& x) {
          return fused_attention(x[0], rotary, {.heads = 4, .causal = true});
        },
        {random_tensor({40, 20, 96}, 1)}));
  }
  at::set_num_threads(before);
  for (std::size_t i = 0; i < results[0].size(); ++i) {
    EXPECT_TRUE(at::equal(results[0][i], results[1][i])) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(, FusedKernels, ::testing::ValuesIn(available_instruction_sets()),
                         [](const auto& one) { return std::string(to_string(one.param)); });

}  // namespace
}  // namespace minet::models
