// Model files: the only reader that returns tensors. LibTorch itself is not instrumented.
#include "fuzz/target.hpp"
#include "minet/core/errors.hpp"
#include "minet/models/safetensors.hpp"

namespace minet::fuzz {
namespace {

void safetensors(std::string_view bytes) {
  const auto path = files().write("m.safetensors", bytes);
  try {
    models::read_safetensors_header(path);
    for (const auto& [name, tensor] : models::read_safetensors(path).tensors) {
      require(tensor.numel() * static_cast<std::int64_t>(tensor.element_size()) <=
                  static_cast<std::int64_t>(bytes.size()),
              "no tensor is larger than the file");
      tensor.clone();  // reads every byte
    }
  } catch (const InputError&) {
  }
}

constexpr Target kReaders[] = {{"safetensors", safetensors}};

}  // namespace

std::span<const Target> readers() {
  return kReaders;
}

}  // namespace minet::fuzz
