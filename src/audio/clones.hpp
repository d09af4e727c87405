// Loops over many floats, compiled once for every x86-64 processor and once for AVX2, chosen when
// the program starts. Both give the same bits: AVX2 alone brings no fused multiply-add, and nothing
// is summed in another order. Not with sanitizers, whose start-up comes after that choice.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MINET_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define MINET_CLONES
#endif
