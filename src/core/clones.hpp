// Multiversioning of loops over many floats: compiled for several x86-64 instruction sets, chosen
// at program start. Off under sanitizers, which initialise only after that choice.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// All versions give identical bits: AVX2 does not imply fused multiply-add, and no sum is
// reordered.
#define MINET_CLONES __attribute__((target_clones("avx2", "default")))
// Also for the widest vectors; these versions may fuse multiplications and additions.
#define MINET_WIDE_CLONES \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MINET_CLONES
#define MINET_WIDE_CLONES
#endif
