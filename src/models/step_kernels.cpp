#include "models/step_kernels.hpp"

#include <cstdlib>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

#if defined(__x86_64__)
#define MINET_X86 1
#endif

// Vectors wider than a register are passed to inlined functions only: their ABI does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace minet::models {
namespace plain {
#include "models/step_kernels.inl"
}

#ifdef MINET_X86
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
#include "models/step_kernels.inl"
}
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx2,fma")
namespace avx512 {
#include "models/step_kernels.inl"
}
#pragma GCC pop_options
#endif

namespace {

std::vector<StepKernels> kernels_here() {
  std::vector<StepKernels> all{
      {"plain", plain::linear, plain::attend, plain::weigh, plain::normalise}};
#ifdef MINET_X86
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    all.push_back({"avx2", avx2::linear, avx2::attend, avx2::weigh, avx2::normalise});
    if (__builtin_cpu_supports("avx512f")) {
      all.push_back({"avx512", avx512::linear, avx512::attend, avx512::weigh, avx512::normalise});
    }
  }
#endif
  return all;
}

const std::vector<StepKernels>& all_kernels() {
  static const std::vector<StepKernels> all = kernels_here();
  return all;
}

}  // namespace

std::vector<std::string> available_step_kernels() {
  std::vector<std::string> names;
  for (const StepKernels& kernels : all_kernels()) names.emplace_back(kernels.name);
  return names;
}

const StepKernels& step_kernels(std::string_view name) {
  for (const StepKernels& kernels : all_kernels()) {
    if (kernels.name == name) return kernels;
  }
  throw InputError(text("MINET_ISA: expected an instruction set of this processor (",
                        join(available_step_kernels(), ", "), "), got '",
                        printable(std::string(name)), "'; leave the variable unset"));
}

const StepKernels& step_kernels() {
  const char* wanted = std::getenv("MINET_ISA");
  return wanted == nullptr || *wanted == '\0' ? all_kernels().back() : step_kernels(wanted);
}

}  // namespace minet::models
