// The matching network: which body belongs to which sound.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <cmath>

#include "minet/models/peers.hpp"
#include "minet/models/plus.hpp"

namespace minet::models {
namespace {

namespace nn = torch::nn;

constexpr std::int64_t kWindow = 1024, kHop = 512;  // samples
constexpr double kFloor = 1e-6;                     // relative to a clip's strongest band: -60 dB
constexpr std::int64_t kWidth = 128;
constexpr double kFirstScale = 10, kHighestScale = 100;  // inverse temperature

// Triangles, evenly spaced in mel from 30 Hz to half the sample rate: [kWindow / 2 + 1, bands].
at::Tensor mel_bands(std::int64_t sample_rate, const at::TensorOptions& options) {
  const auto mel = [](double hz) { return 2595 * std::log10(1 + hz / 700); };
  const double half = static_cast<double>(sample_rate) / 2;
  const at::Tensor mels = at::linspace(mel(30), mel(half), kTimbreBands + 2, options);
  const at::Tensor edges = 700 * (at::pow(10, mels / 2595) - 1);
  const at::Tensor hz = at::linspace(0, half, kWindow / 2 + 1, options).unsqueeze(1);
  const at::Tensor low = edges.slice(0, 0, -2), top = edges.slice(0, 1, -1),
                   high = edges.slice(0, 2);
  return at::minimum((hz - low) / (top - low), (high - hz) / (high - top)).clamp_min(0);
}

}  // namespace

at::Tensor timbre_of(const at::Tensor& sound, std::int64_t sample_rate) {
  const at::NoGradGuard no_grad;
  const at::Tensor window = at::hann_window(kWindow, sound.options());
  const at::Tensor spectrum =
      at::stft(sound, kWindow, kHop, kWindow, window, /*center=*/true, "reflect",
               /*normalized=*/false, /*onesided=*/true, /*return_complex=*/true)
          .abs()
          .square()
          .transpose(1, 2);  // [B, T, bins]
  const at::Tensor bands = spectrum.matmul(mel_bands(sample_rate, sound.options()));  // [B, T, 64]
  const at::Tensor strongest = bands.amax({1, 2}, /*keepdim=*/true).clamp_min(1e-12);
  const at::Tensor levels = (bands / strongest + kFloor).log();
  return at::cat({levels.mean(1), levels.std(1, /*unbiased=*/false)}, 1);
}

MatchImpl::MatchImpl(const config::TrainConfig& config) {
  sound_ =
      register_module("sound", nn::Sequential(nn::Linear(2 * kTimbreBands, kWidth),
                                              nn::LayerNorm(nn::LayerNormOptions({kWidth})),
                                              nn::ReLU(), nn::Linear(kWidth, config.body_width())));
  scale_ = register_parameter("scale", at::full({1}, std::log(kFirstScale)));
}

// The body vector is compared directly: a layer of its own could leave useless content in it.
at::Tensor MatchImpl::forward(const at::Tensor& body, const at::Tensor& timbre) {
  const auto unit = [](const at::Tensor& x) {
    return x / x.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-6);
  };
  const at::Tensor scale = scale_.exp().clamp_max(kHighestScale);
  const at::Tensor bodies = unit(body), sounds = unit(sound_->forward(timbre));
  // Each of this process's clips against the whole joined batch.
  const at::Tensor from_body = scale * bodies.matmul(joint_rows(sounds).t());  // [b, B]
  const at::Tensor from_sound =
      in_joint_step() ? scale * sounds.matmul(joint_rows(bodies).t()) : from_body.t();
  const std::int64_t first = first_joint_row();
  const at::Tensor own = at::arange(first, first + body.size(0), body.options().dtype(at::kLong));
  return (at::cross_entropy_loss(from_body, own) + at::cross_entropy_loss(from_sound, own)) / 2;
}

}  // namespace minet::models
