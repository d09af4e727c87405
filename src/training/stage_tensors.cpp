#include "training/stage_tensors.hpp"

#include <ATen/ATen.h>

#include <vector>

#include "minet/core/words.hpp"

namespace minet::training {

bool of_vqvae(const std::string& name) {
  return name.starts_with("vqvae.");
}

bool of_synthesiser(const std::string& name) {
  return name.starts_with("body.") || name.starts_with("synthesiser.") ||
         name.starts_with("match.");
}

std::string misfits(const Tensors& into, const Tensors& from, IsFirst is_first, bool first) {
  constexpr std::size_t kNamed = 3;
  std::vector<std::string> names;
  for (const auto& [name, tensor] : into) {
    if (is_first(name) != first) continue;
    const auto found = from.find(name);
    if (found == from.end() || found->second.sizes() != tensor.sizes()) names.push_back(name);
  }
  for (const auto& [name, tensor] : from) {
    if (is_first(name) == first && !into.contains(name)) names.push_back(name);
  }
  return listed(std::move(names), kNamed);
}

}  // namespace minet::training
