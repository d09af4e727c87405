// With LibTorch: a small untrained model decodes codes.
#include <cstdio>
#include <minet/generation/render.hpp>

#include <ATen/ops/zeros.h>

int main() {
  minet::config::TrainConfig config;
  config.vqvae.channels = 16;
  minet::models::Model model = minet::models::make_model(config, 1);
  const at::Tensor codes = at::zeros({50}, at::kLong);
  const minet::audio::Sound sound = minet::generation::render(model, codes, {.iterations = 1});
  std::printf("%lld parameters, %zu samples\n",
              static_cast<long long>(minet::models::parameter_count(model)), sound.samples.size());
  return sound.samples.size() == 50 * 256 ? 0 : 1;
}
