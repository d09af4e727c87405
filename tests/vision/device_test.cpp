// The networks on a device other than the CPU, without a GPU: on tensors with a shape but no data
// ("meta"). Every step runs on them; a step that mixes them with a CPU tensor, or reads them, fails
// before the results are fetched.
#include <gtest/gtest.h>
#include <torch/library.h>

#include "minet/core/errors.hpp"
#include "minet/vision/estimator.hpp"
#include "minet/vision/network.hpp"
#include "minet/vision/networks.hpp"
#include "vision/helpers.hpp"

namespace minet::vision {
namespace {

namespace fs = std::filesystem;

// Meta operators that LibTorch has only in Python.

at::Tensor meta_convolution(const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias, at::IntArrayRef stride,
                            at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                            at::IntArrayRef, std::int64_t groups) {
  TORCH_CHECK(!transposed && x.is_meta() && weight.is_meta() && (!bias || bias->is_meta()),
              "a convolution of tensors on two devices");
  TORCH_CHECK(x.size(1) == weight.size(1) * groups);
  std::vector<std::int64_t> shape = {x.size(0), weight.size(0)};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto axis = static_cast<std::int64_t>(i) + 2;
    const std::int64_t reach = dilation[i] * (weight.size(axis) - 1) + 1;
    shape.push_back((x.size(axis) + 2 * padding[i] - reach) / stride[i] + 1);
  }
  return at::empty(shape, x.options());
}

at::Tensor meta_prelu(const at::Tensor& x, const at::Tensor& slope) {
  TORCH_CHECK(slope.is_meta(), "a PReLU of tensors on two devices");
  return at::empty_like(x);
}

at::Tensor meta_relu(const at::Tensor& x) {
  return at::empty_like(x);
}

TORCH_LIBRARY_IMPL(aten, Meta, library) {
  library.impl("convolution_overrideable", meta_convolution);
  library.impl("_prelu_kernel", meta_prelu);
  library.impl("relu", meta_relu);
}

// Loading a network includes a trial run, which must fail only when its results are fetched.
void expect_only_results_fetched(const fs::path& path) {
  try {
    Network::load(path, {}, at::kMeta);
    ADD_FAILURE() << path << ": expected its results to be fetched";
  } catch (const c10::Error& error) {
    const std::string why = error.what_without_backtrace();
    EXPECT_NE(why.find("Cannot copy out of meta tensor"), std::string::npos) << path << why;
  }
}

TEST(Device, EveryOperatorStaysOnIt) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(golden_folder())) {
    if (entry.path().extension() != ".tflite") continue;
    expect_only_results_fetched(entry.path());
    ++files;
  }
  EXPECT_GT(files, 15);
}

TEST(Device, EveryNetworkStaysOnIt) {
  const auto folder = find_networks();
  if (!folder) GTEST_SKIP() << "the networks are not there: scripts/setup.sh fetches them";
  for (const char* name : {"pose_detection", "pose_landmark_full", "palm_detection_full",
                           "hand_landmark_full", "hand_recrop"}) {
    expect_only_results_fetched(*folder / (std::string(name) + ".tflite"));
  }
}

TEST(Device, IsNamedAndRefused) {
  EXPECT_EQ(use_device("cpu"), "cpu");
  EXPECT_THROW(use_device("tpu"), InputError);
  EXPECT_THROW(use_device("cuda:99"), InputError);
  EXPECT_THROW(Estimator("no such folder", "tpu"), InputError);
}

}  // namespace
}  // namespace minet::vision
