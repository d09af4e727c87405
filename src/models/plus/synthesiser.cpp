// From pitch, loudness and body vector to harmonics and noise, and from these to sound.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/normalization.h>

#include <numbers>

#include "minet/models/plus.hpp"
#include "models/checks.hpp"
#include "models/gru.hpp"

namespace minet::models {
namespace {

namespace nn = torch::nn;

nn::Sequential two_layers(std::int64_t in, std::int64_t out) {
  const auto leak = nn::LeakyReLUOptions().negative_slope(0.1);
  return nn::Sequential(nn::Linear(in, out), nn::LayerNorm(nn::LayerNormOptions({out})),
                        nn::LeakyReLU(leak), nn::Linear(out, out),
                        nn::LayerNorm(nn::LayerNormOptions({out})), nn::LeakyReLU(leak));
}

// DDSP's "exponentiated sigmoid": above 0, at most 2, fine-grained near 0.
at::Tensor amplitude_of(const at::Tensor& x) {
  return 2 * at::sigmoid(x).pow(2.3) + 1e-7;
}

constexpr double kQuietNoise = -5;  // noise starts low: it would mask the harmonics' gradient

}  // namespace

SynthesiserImpl::SynthesiserImpl(const config::TrainConfig& config) : config_(config) {
  const config::PlusConfig& plus = config.plus;
  const std::int64_t width = plus.synthesiser_width;
  pitch_ = register_module("pitch", two_layers(2, width));
  loudness_ = register_module("loudness", two_layers(1, width));
  body_ = register_module("body", two_layers(config.body_width(), width));
  gru_ = register_module("gru", make_gru({.in = 3 * width, .hidden = width}));
  out_ = register_module("out", two_layers(4 * width, width));
  amplitude_ = register_module("amplitude", nn::Linear(width, 1));
  harmonics_ = register_module("harmonics", nn::Linear(width, plus.harmonics));
  noise_ = register_module("noise", nn::Linear(width, plus.noise_bands));
}

Partials SynthesiserImpl::forward(const SynthesiserInput& input, const at::Tensor& body,
                                  at::Tensor* state) {
  const std::int64_t frames = input.hz.size(1);
  const at::Tensor octaves = at::log2(input.hz / 440) / 2 + 0.375;  // middle C: 0, 2 octaves up: 1
  const at::Tensor pitch = pitch_->forward(at::stack({octaves, input.voiced}, -1));
  const at::Tensor loudness = loudness_->forward(((input.loudness + 40) / 12).unsqueeze(-1));
  const at::Tensor who = body_->forward(body).unsqueeze(1).expand({-1, frames, -1});
  const at::Tensor all = at::cat({pitch, loudness, who}, -1);
  const bool going_on = state != nullptr && state->defined();
  const auto [out, last] = going_on ? gru_->forward(all, *state) : gru_->forward(all);
  if (state != nullptr) *state = last;
  const at::Tensor y = out_->forward(at::cat({out, all}, -1));

  const at::Tensor numbers = at::arange(1, config_.plus.harmonics + 1, input.hz.options());
  const double highest = 0.97 * static_cast<double>(config_.spectrogram.sample_rate) / 2;
  const at::Tensor audible = (input.hz.unsqueeze(-1) * numbers < highest).to(y.scalar_type());
  const at::Tensor shares = amplitude_of(harmonics_->forward(y)) * audible;
  Partials partials;
  partials.harmonics =
      amplitude_of(amplitude_->forward(y)) * shares / (shares.sum(-1, true) + 1e-7);
  partials.noise = amplitude_of(noise_->forward(y) + kQuietNoise);
  return partials;
}

at::Tensor phases_of(const at::Tensor& hz, const config::SpectrogramConfig& config,
                     at::Tensor* sum) {
  const at::NoGradGuard no_grad;
  const at::Tensor ramp =
      at::arange(config.hop, hz.options()) / static_cast<double>(config.hop);  // [hop]
  const at::Tensor now = hz.slice(1, 0, -1).unsqueeze(-1), next = hz.slice(1, 1).unsqueeze(-1);
  at::Tensor cycles = (now + (next - now) * ramp).flatten(1).to(at::kDouble) / config.sample_rate;
  cycles = cycles.cumsum(1);
  if (sum != nullptr) {
    if (sum->defined()) cycles = cycles + *sum;
    *sum = cycles.slice(1, -1).frac();
  }
  return cycles.frac().to(hz.scalar_type());
}

at::Tensor tones_of(const at::Tensor& harmonics, const at::Tensor& phases, std::int64_t hop) {
  const std::int64_t batch = harmonics.size(0), frames = harmonics.size(1) - 1,
                     count = harmonics.size(2);
  at::Tensor waves;
  {
    const at::NoGradGuard no_grad;
    const at::Tensor numbers = at::arange(1, count + 1, phases.options());
    waves = at::sin(2 * std::numbers::pi * (phases.unsqueeze(-1) * numbers).frac())
                .view({batch * frames, hop, count});
  }
  // Amplitudes are interpolated linearly between frames: their value at a frame's start and their
  // rise over the frame, each multiplied with the waves.
  const at::Tensor now = harmonics.slice(1, 0, frames), next = harmonics.slice(1, 1);
  const at::Tensor both = at::stack({now, next - now}, -1).view({batch * frames, count, 2});
  const at::Tensor parts = at::bmm(waves, both);  // [B * T, hop, 2]
  const at::Tensor ramp = at::arange(hop, parts.options()) / static_cast<double>(hop);
  return (parts.select(2, 0) + parts.select(2, 1) * ramp).view({batch, frames * hop});
}

// A linear-phase FIR filter per frame (frequency sampling), overlap-added.
at::Tensor filtered_noise(const at::Tensor& bands, const at::Tensor& noise, std::int64_t hop) {
  const std::int64_t batch = bands.size(0), frames = noise.size(1) / hop, n = bands.size(2);
  const std::int64_t length = 2 * (n - 1);
  require(length <= hop, "a noise filter expected at most ", hop, " samples, got ", length);
  const at::Tensor zero_phase = at::fft_irfft(at::complex(bands, at::zeros_like(bands)), length);
  const at::Tensor response =
      at::roll(zero_phase, n - 1, -1) * at::hann_window(length, bands.options());
  const std::int64_t size = 2 * hop;
  const at::Tensor out = at::fft_irfft(
      at::fft_rfft(noise.view({batch, frames, hop}), size) * at::fft_rfft(response, size), size);
  const at::Tensor head = out.slice(2, 0, hop), tail = out.slice(2, hop, size);
  const at::Tensor none = at::zeros_like(tail.slice(1, 0, 1));
  return (at::cat({head, none}, 1) + at::cat({none, tail}, 1)).flatten(1, 2);
}

at::Tensor sound_of(const Partials& partials, const at::Tensor& phases, const at::Tensor& noise,
                    std::int64_t hop) {
  const std::int64_t frames = partials.harmonics.size(1) - 1;
  const at::Tensor filtered = filtered_noise(partials.noise.slice(1, 0, frames), noise, hop);
  const std::int64_t late = partials.noise.size(2) - 1;
  return tones_of(partials.harmonics, phases, hop) + filtered.slice(1, late, late + frames * hop);
}

at::Tensor spectral_loss(const at::Tensor& sound, const at::Tensor& target) {
  at::Tensor loss = at::zeros({}, sound.options());
  for (const std::int64_t n : {2048, 1024, 512, 256, 128, 64}) {
    const at::Tensor window = at::hann_window(n, sound.options());
    const auto magnitudes = [&](const at::Tensor& x) {
      return at::stft(x, n, n / 4, n, window, /*center=*/true, "reflect", /*normalized=*/false,
                      /*onesided=*/true, /*return_complex=*/true)
          .abs();
    };
    const at::Tensor a = magnitudes(sound), b = magnitudes(target);
    loss = loss + (a - b).abs().mean() + ((a + 1e-5).log() - (b + 1e-5).log()).abs().mean();
  }
  return loss;
}

}  // namespace minet::models
