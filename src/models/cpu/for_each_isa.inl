// Compiles the file named by MINET_KERNELS once per supported instruction set, as namespaces plain,
// avx2 and avx512 of minet::models; on processors other than x86-64 all three are the plain one.
// Include it once per source file, at file scope, after compute_paths.hpp.
#if defined(__x86_64__)
#define MINET_X86 1
#endif

// Vectors wider than a register are passed to inlined functions only: their ABI does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace minet::models {
namespace plain {
#include MINET_KERNELS
}

#ifdef MINET_X86
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
#include MINET_KERNELS
}
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx2,fma")
namespace avx512 {
#include MINET_KERNELS
}
#pragma GCC pop_options
#else
namespace avx2 = plain;
namespace avx512 = plain;
#endif

// The kernel table for the instruction set that this process uses.
template <class Kernels>
const Kernels& chosen_kernels(const Kernels& plain_ones, const Kernels& avx2_ones,
                              const Kernels& avx512_ones) {
  const InstructionSet set = compute_paths().instructions;
  return set == InstructionSet::avx512 ? avx512_ones
         : set == InstructionSet::avx2 ? avx2_ones
                                       : plain_ones;
}
}  // namespace minet::models
