// Loops over many floats, compiled for more than one instruction set of x86-64 and chosen when the
// program starts. Not with sanitizers, whose start-up comes after that choice.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Every one gives the same bits: AVX2 alone brings no fused multiply-add, and nothing is summed in
// another order.
#define MINET_CLONES __attribute__((target_clones("avx2", "default")))
// For the widest vectors too; these fuse multiplications and additions.
#define MINET_WIDE_CLONES \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MINET_CLONES
#define MINET_WIDE_CLONES
#endif
