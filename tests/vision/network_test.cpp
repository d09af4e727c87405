// The operators and the five networks against TensorFlow Lite's results (make_golden.py), and
// damaged files.
#include "minet/vision/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/npy.hpp"
#include "minet/vision/estimator.hpp"
#include "minet/vision/networks.hpp"
#include "vision/helpers.hpp"

namespace minet::vision {
namespace {

namespace fs = std::filesystem;

// XNNPACK's threads busy-wait: in parallel with other tests they would take minutes.
const bool kOneThread = (use_threads(1), true);

class Operator : public testing::TestWithParam<const char*> {};

TEST_P(Operator, ComputesWhatTensorFlowLiteDoes) {
  const fs::path path = golden_folder() / GetParam();
  const Network network = Network::load(fs::path(path) += ".tflite");
  const FloatArray expected = read_npy_float(fs::path(path) += ".npy");
  const at::Tensor out = network.run(pattern(network.input_shape()) * 2).at(0);
  ASSERT_EQ(out.sizes(), c10::IntArrayRef(expected.shape));
  const at::Tensor wanted = at::tensor(expected.values).reshape(expected.shape);
  EXPECT_GT(wanted.abs().max().item<float>(), 0.1F);
  EXPECT_LT((out - wanted).abs().max().item<float>(), 2e-5F);
}

INSTANTIATE_TEST_SUITE_P(All, Operator,
                         testing::Values("conv_same_2", "conv_same_2_even", "conv_valid",
                                         "conv_dilated", "conv_sparse", "depthwise_2", "depthwise",
                                         "add", "concatenation", "depth_to_space",
                                         "fully_connected", "logistic", "max_pool_same", "reshape",
                                         "resize", "pad", "mean", "strided_slice", "prelu"),
                         [](const auto& one) { return std::string(one.param); });

class Whole : public testing::TestWithParam<const char*> {};

// A few hundred values of each output. TensorFlow Lite with and without its own XNNPACK differs by
// as much as the tolerance: values go up to 340.
TEST_P(Whole, ComputesWhatTensorFlowLiteDoes) {
  const auto folder = find_networks();
  if (!folder) GTEST_SKIP() << "the networks are not there: scripts/setup.sh fetches them";
  const Network network = Network::load(*folder / (std::string(GetParam()) + ".tflite"));
  const FloatArray expected =
      read_npy_float(golden_folder() / (std::string("net_") + GetParam() + ".npy"));
  std::vector<at::Tensor> kept;
  for (const at::Tensor& output : network.run(pattern(network.input_shape()))) {
    kept.push_back(
        output.reshape(-1).slice(0, 0, {}, std::max<std::int64_t>(1, output.numel() / 400)));
  }
  const at::Tensor out = at::cat(kept), wanted = at::tensor(expected.values);
  ASSERT_EQ(out.sizes(), wanted.sizes());
  const float largest = ((out - wanted).abs() / (1 + wanted.abs())).max().item<float>();
  EXPECT_LT(largest, 1e-3F);
}

INSTANTIATE_TEST_SUITE_P(All, Whole,
                         testing::Values("pose_detection", "pose_landmark_full",
                                         "palm_detection_full", "hand_landmark_full",
                                         "hand_recrop"),
                         [](const auto& one) { return std::string(one.param); });

std::string conv_bytes() {
  return read_file(golden_folder() / "conv_sparse.tflite", 1 << 20);
}

TEST(Damaged, CutAnywhereIsRefused) {
  const std::string bytes = conv_bytes();
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    try {
      Network::parse(bytes.substr(0, size), "cut.tflite");
      // The last bytes can be padding.
      EXPECT_GT(size, bytes.size() - 16);
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("cut.tflite: expected a"), std::string::npos);
    }
  }
}

// Random changes of bytes: refused, or a network with different numbers, but never a crash.
TEST(Damaged, ChangedBytesAreRefusedOrHarmless) {
  std::mt19937 random(1);
  int refused = 0;
  for (const char* name :
       {"conv_sparse", "concatenation", "pad", "strided_slice", "fully_connected", "max_pool_same",
        "resize", "depthwise_2", "prelu", "mean"}) {
    const std::string whole = read_file(golden_folder() / (std::string(name) + ".tflite"), 1 << 20);
    for (int round = 0; round < 150; ++round) {
      std::string bytes = whole;
      for (int change = 0; change < 3; ++change) {
        bytes[random() % bytes.size()] = static_cast<char>(random() % 4 == 0 ? 0xff : random());
      }
      try {
        const Network network = Network::parse(bytes, "changed.tflite");
        network.run(at::zeros(network.input_shape()));
      } catch (const InputError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 300);
  EXPECT_LT(refused, 1500);
}

TEST(Damaged, AnotherFileIsRefused) {
  EXPECT_THROW(Network::parse("", "empty"), InputError);
  EXPECT_THROW(Network::parse(std::string(1000, 'x'), "text"), InputError);
  EXPECT_THROW(Network::load(golden_folder() / "nothing.tflite"), InputError);
  EXPECT_THROW(Network::parse(conv_bytes(), "conv", {1}), InputError);
}

}  // namespace
}  // namespace minet::vision
