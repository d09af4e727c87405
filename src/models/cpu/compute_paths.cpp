#include "models/cpu/compute_paths.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cstdlib>
#include <string>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::models {
namespace {

std::vector<InstructionSet> sets_here() {
  std::vector<InstructionSet> sets{InstructionSet::plain};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    sets.push_back(InstructionSet::avx2);
    if (__builtin_cpu_supports("avx512f")) sets.push_back(InstructionSet::avx512);
  }
#endif
  return sets;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

InstructionSet instructions_of_environment() {
  const std::string wanted = variable("MINET_ISA");
  if (wanted.empty()) return available_instruction_sets().back();
  std::vector<std::string> names;
  for (const InstructionSet set : available_instruction_sets()) {
    if (to_string(set) == wanted) return set;
    names.emplace_back(to_string(set));
  }
  throw InputError(text("MINET_ISA: expected an instruction set of this processor (",
                        join(names, ", "), "), got '", printable(wanted),
                        "'; leave the variable unset"));
}

// True unless the variable asks for LibTorch's operators.
bool fast(const char* name) {
  const std::string wanted = variable(name);
  if (wanted.empty()) return true;
  if (wanted == "torch") return false;
  throw InputError(text(name, ": expected torch, got '", printable(wanted),
                        "'; leave the variable unset for the fast path"));
}

ComputePaths& process_paths() {
  static ComputePaths paths = paths_from_environment();
  return paths;
}

}  // namespace

const std::vector<InstructionSet>& available_instruction_sets() {
  static const std::vector<InstructionSet> sets = sets_here();
  return sets;
}

std::string_view to_string(InstructionSet set) {
  switch (set) {
    case InstructionSet::avx512:
      return "avx512";
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::plain:
      break;
  }
  return "plain";
}

ComputePaths paths_from_environment() {
  return {.instructions = instructions_of_environment(),
          .packed_sampling = fast("MINET_SAMPLER"),
          .fast_training = fast("MINET_TRAINING")};
}

const ComputePaths& compute_paths() {
  return process_paths();
}

bool has_bf16_products() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

at::Tensor in_float(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kBFloat16 ? x.to(at::kFloat) : x;
}

bool fast_training_fits(const at::Tensor& x) {
  return at::GradMode::is_enabled() && x.is_cpu() && x.scalar_type() == at::kFloat &&
         x.numel() > 0 && compute_paths().fast_training;
}

OtherPaths::OtherPaths(const ComputePaths& paths) : before_(process_paths()) {
  process_paths() = paths;
}

OtherPaths::~OtherPaths() {
  process_paths() = before_;
}

}  // namespace minet::models
