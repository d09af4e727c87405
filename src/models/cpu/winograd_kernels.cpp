#include "models/cpu/winograd_kernels.hpp"

#include <type_traits>

#include "models/cpu/compute_paths.hpp"

#define MINET_KERNELS "models/cpu/winograd_kernels.inl"
#include "models/cpu/for_each_isa.inl"

namespace minet::models {
#define MINET_WINOGRAD_KERNELS(isa, Points)                                              \
  {                                                                                      \
    isa::input<Points>, isa::output<Points>, isa::output_gradient<Points>,               \
        isa::input_gradient<Points>, isa::weights<Points>, isa::weights_gradient<Points> \
  }

template <class Points>
const WinogradKernels<Points>& winograd_kernels() {
  static const WinogradKernels<Points> plain_ones = MINET_WINOGRAD_KERNELS(plain, Points);
  static const WinogradKernels<Points> avx2_ones = MINET_WINOGRAD_KERNELS(avx2, Points);
  static const WinogradKernels<Points> avx512_ones = MINET_WINOGRAD_KERNELS(avx512, Points);
  return chosen_kernels(plain_ones, avx2_ones, avx512_ones);
}

template const WinogradKernels<float>& winograd_kernels();
template const WinogradKernels<Bfloat16>& winograd_kernels();

}  // namespace minet::models
