// Reads golden/*.safetensors to the device of the tests and compares with them; the first
// difference is reported with its index. The files are written by tests/reference/make_golden.py
// and its siblings.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "minet/config/config.hpp"
#include "minet/models/safetensors.hpp"
#include "support/source_folder.hpp"
#include "support/test_device.hpp"

namespace minet::reference {

inline constexpr std::string_view kRegenerate =
    "; where docs/architecture.md changed on purpose: python3 tests/reference/make_golden.py";

// MINET_GOLDENS if set: for test programs on a machine without the sources.
inline std::filesystem::path golden_folder() {
  const char* const named = std::getenv("MINET_GOLDENS");
  return named != nullptr ? named : minet::source_folder() / "tests" / "reference" / "golden";
}

class Golden {
 public:
  explicit Golden(const std::string& name)
      : name_(name), file_(models::read_safetensors(golden_folder() / (name + ".safetensors"))) {
    for (auto& [tensor, values] : file_.tensors) values = values.to(minet::test_device());
  }

  bool has(const std::string& tensor) const { return file_.tensors.count(tensor) > 0; }

  at::Tensor at(const std::string& tensor) const {
    const auto found = file_.tensors.find(tensor);
    if (found == file_.tensors.end()) {
      throw std::runtime_error(name_ + ".safetensors has no tensor " + tensor +
                               std::string(kRegenerate));
    }
    return found->second;
  }

  // The tensors whose names start with `prefix`, without it.
  std::map<std::string, at::Tensor> under(const std::string& prefix) const {
    std::map<std::string, at::Tensor> found;
    for (const auto& [name, tensor] : file_.tensors) {
      if (name.starts_with(prefix)) found[name.substr(prefix.size())] = tensor;
    }
    return found;
  }

  config::TrainConfig config(const std::string& of_case = "") const {
    const std::string key = of_case.empty() ? "config" : "config." + of_case;
    return config::parse_train_config(file_.metadata.at(key), name_ + ".safetensors, " + key);
  }

 private:
  std::string name_;
  models::TensorFile file_;
};

inline std::string index_of(std::int64_t flat, at::IntArrayRef shape) {
  std::vector<std::int64_t> index(shape.size());
  for (std::size_t i = shape.size(); i-- > 0;) {
    index[i] = flat % shape[i];
    flat /= shape[i];
  }
  std::ostringstream text;
  text << at::IntArrayRef(index);
  return text.str();
}

// Every entry agrees within `tolerance` times the golden's largest entry (integers: exactly).
inline ::testing::AssertionResult agrees(const std::string& name, const at::Tensor& ours,
                                         const at::Tensor& golden, double tolerance) {
  if (!ours.defined()) return ::testing::AssertionFailure() << name << ": undefined in C++";
  if (ours.sizes() != golden.sizes()) {
    return ::testing::AssertionFailure() << name << ": shape " << ours.sizes() << " in C++, "
                                         << golden.sizes() << " in PyTorch" << kRegenerate;
  }
  const at::Tensor a = ours.detach().cpu().to(at::kDouble).contiguous().flatten();
  const at::Tensor b = golden.cpu().to(at::kDouble).contiguous().flatten();
  const double largest = b.numel() > 0 ? b.abs().max().item<double>() : 0;
  const bool whole = !at::isFloatingType(golden.scalar_type());
  const double allowed = whole ? 0 : tolerance * largest;
  const double* p = a.const_data_ptr<double>();
  const double* q = b.const_data_ptr<double>();
  for (std::int64_t i = 0; i < a.numel(); ++i) {
    if (std::abs(p[i] - q[i]) <= allowed) continue;  // also false for NaN
    return ::testing::AssertionFailure()
           << name << index_of(i, golden.sizes()) << ": " << p[i] << " in C++, " << q[i]
           << " in PyTorch, allowed difference " << allowed << kRegenerate;
  }
  return ::testing::AssertionSuccess();
}

// Parameters and buffers of a module under their file names.
inline std::map<std::string, at::Tensor> tensors_of(const torch::nn::Module& module,
                                                    const std::string& prefix) {
  std::map<std::string, at::Tensor> found;
  for (const auto& item : module.named_parameters()) found[prefix + item.key()] = item.value();
  for (const auto& item : module.named_buffers()) found[prefix + item.key()] = item.value();
  return found;
}

// Moves the module to the device of the tests, and copies the golden's weights into its parameters,
// and the codebook's codes if the golden has them. A parameter that the golden lacks is an error.
inline void set_weights(torch::nn::Module& module, const std::string& prefix,
                        const Golden& golden) {
  const at::NoGradGuard no_grad;
  module.to(minet::test_device());
  for (const auto& item : module.named_parameters()) {
    const at::Tensor weight = golden.at("weights." + prefix + item.key());
    ASSERT_EQ(item.value().sizes(), weight.sizes()) << prefix << item.key();
    at::Tensor target = item.value();
    target.copy_(weight);
  }
  for (const auto& item : module.named_buffers()) {
    const std::string name = "weights." + prefix + item.key();
    at::Tensor target = item.value();
    if (golden.has(name)) target.copy_(golden.at(name));
  }
}

}  // namespace minet::reference
