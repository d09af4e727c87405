// Autocast and TF32.
#include "minet/models/precision.hpp"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <stdlib.h>

#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "models/cpu/compute_paths.hpp"

namespace minet::models {

config::Precision use_precision(config::Precision wanted, const at::Device& device) {
  if (!device.is_cuda()) {
    if (wanted == config::Precision::tf32) {
      throw InputError(text("run.precision: expected automatic, float32 or bf16 on ", device.str(),
                            ", got tf32; it needs an NVIDIA GPU"));
    }
    if (wanted != config::Precision::bf16) return config::Precision::float32;
    if (!device.is_cpu() || !has_bf16_products()) {
      throw InputError(text("run.precision: expected automatic or float32 on this ", device.str(),
                            ", got bf16; it needs a processor with AVX512-BF16, or an NVIDIA GPU"));
    }
    return wanted;
  }
  if (wanted == config::Precision::automatic) wanted = config::Precision::bf16;
  const bool tf32 = wanted != config::Precision::float32;
  at::globalContext().setAllowTF32CuBLAS(tf32);
  at::globalContext().setAllowTF32CuDNN(tf32);
  return wanted;
}

void use_deterministic_operators() {
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::Context& context = at::globalContext();
  context.setDeterministicAlgorithms(true, /*warn_only=*/true);
  context.setDeterministicFillUninitializedMemory(false);
  context.setDeterministicCuDNN(true);
  context.setBenchmarkCuDNN(false);
}

AutocastScope::AutocastScope(config::Precision precision, const at::Device& device)
    : device_(device.type()), on_(precision == config::Precision::bf16) {
  if (!on_) return;
  at::autocast::increment_nesting();
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::set_autocast_enabled(device_, true);
}

AutocastScope::~AutocastScope() {
  if (!on_) return;
  at::autocast::set_autocast_enabled(device_, false);
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

bool products_in_bf16() {
  return at::autocast::is_autocast_enabled(at::kCPU) &&
         !c10::impl::tls_is_dispatch_key_excluded(c10::DispatchKey::AutocastCPU);
}

NoAutocast::NoAutocast() : guard_(c10::autocast_dispatch_keyset) {}

}  // namespace minet::models
