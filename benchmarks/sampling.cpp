// Drawing 250 codes (4 s) from a prior of the paper's size, by LibTorch's path and by the packed
// one, alternating; milliseconds, best of 5. One thread. The weights are random: they do not matter
// for the time.
//
//   sampling
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "minet/generation/sampling.hpp"

int main() {
  using namespace minet;
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  models::Model model = models::make_model(config::TrainConfig{}, 1);
  for (const std::int64_t batch : {1, 64}) {
    for (const bool with_notes : {false, true}) {
      const at::Tensor body = torch::randn({batch, 250, 64});
      const at::Tensor notes =
          with_notes ? torch::randint(0, 129, {batch, 250}, at::kLong) : at::Tensor();
      std::array<double, 2> best{1e30, 1e30};
      for (int round = 0; round < 5; ++round) {
        for (const std::size_t path : {0, 1}) {
          ::setenv("MINET_SAMPLER", path == 0 ? "torch" : "packed", 1);
          const auto began = std::chrono::steady_clock::now();
          generation::sample_codes(model, body, notes, {.seed = 1});
          const std::chrono::duration<double, std::milli> took =
              std::chrono::steady_clock::now() - began;
          best[path] = std::min(best[path], took.count());
        }
      }
      std::printf("batch %2ld, %s: LibTorch %7.1f ms, packed %6.1f ms, ratio %.1f\n",
                  static_cast<long>(batch), with_notes ? "with notes   " : "without notes", best[0],
                  best[1], best[0] / best[1]);
    }
  }
}
