#include "training/recorded.hpp"

#include <ATen/ATen.h>

namespace minet::training {

std::vector<std::int64_t> key_of(const Recordable& what) {
  std::vector<std::int64_t> key{what.variant};
  for (const at::Tensor* input : what.inputs) {
    key.push_back(input->defined() ? input->dim() : -1);
    if (input->defined()) key.insert(key.end(), input->sizes().begin(), input->sizes().end());
  }
  return key;
}

void keep_in_place(const std::vector<at::Tensor*>& inputs, std::vector<at::Tensor>& kept) {
  kept.resize(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i]->defined()) continue;
    if (!kept[i].defined()) kept[i] = at::empty_like(*inputs[i], at::MemoryFormat::Contiguous);
    kept[i].copy_(*inputs[i], /*non_blocking=*/true);
    *inputs[i] = kept[i];
  }
}

}  // namespace minet::training
