// Which stage trains a tensor, by its name in model files.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

namespace minet::training {

using Tensors = std::map<std::string, at::Tensor>;
using IsFirst = bool (*)(const std::string& name);  // whether the first stage trains this tensor

bool of_vqvae(const std::string& name);
bool of_synthesiser(const std::string& name);  // for plus

// Names of up to a few of one stage's tensors that do not match; empty if all match.
std::string misfits(const Tensors& into, const Tensors& from, IsFirst is_first, bool first);

}  // namespace minet::training
