// Samples codes from a prior of the paper's size; a worker (worker.hpp). The weights are random,
// as they do not affect the time. MINET_SAMPLER=torch selects LibTorch's path. On a device other
// than the CPU, CPU threads are not limited to one: scripts/gpu_check.py runs it there.
//
//   sampling PIECES CODES plain|notes [DEVICE]
#include <ATen/ATen.h>

#include <string>

#include "minet/core/text.hpp"
#include "minet/generation/sampling.hpp"
#include "minet/models/device.hpp"
#include "worker.hpp"

int main(int argc, char** argv) {
  using namespace minet;
  if (argc < 4 || argc > 5) {
    std::cerr << "expected PIECES CODES plain|notes [DEVICE], got " << argc - 1 << " arguments\n";
    return 2;
  }
  const std::int64_t pieces = std::stoll(argv[1]), codes = std::stoll(argv[2]);
  const bool with_notes = std::string(argv[3]) == "notes";
  const at::Device device = models::select_device(argc > 4 ? argv[4] : "cpu");
  if (device.is_cpu()) at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  models::Model model = models::make_model(config::TrainConfig{}, 1);
  model.to(device);
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(1);
  const at::Tensor body = at::randn({pieces, codes, 64}, generator).to(device);
  const at::Tensor notes =
      with_notes ? at::randint(0, 129, {pieces, codes}, generator, at::kLong).to(device)
                 : at::Tensor();
  return bench::serve([&] { generation::sample_codes(model, body, notes, {.seed = 1}); });
}
