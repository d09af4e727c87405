#include "models/cpu/step_kernels.hpp"

#include <cstdlib>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

#define MINET_KERNELS "models/cpu/step_kernels.inl"
#include "models/cpu/for_each_isa.inl"

namespace minet::models {
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
