// The VQ-VAE's encoder and decoder, and their chunked forms.
#include "minet/models/vqvae.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <vector>

#include "models/checks.hpp"
#include "models/cpu/compute_paths.hpp"
#include "models/initialise.hpp"
#include "models/layers.hpp"

namespace minet::models {
namespace {

ResidualBlock make_block(const config::VqVaeConfig& config, std::int64_t bands) {
  return ResidualBlock(ResidualBlockConfig{.channels = config.channels, .bands = bands});
}

at::Tensor run_all(torch::nn::ModuleListImpl& blocks, at::Tensor x) {
  for (const auto& module : blocks) x = module->as<ResidualBlockImpl>()->forward(x);
  return x;
}

void initialise_all(torch::nn::ModuleListImpl& blocks, const at::Generator& generator) {
  for (const auto& module : blocks) module->as<ResidualBlockImpl>()->initialise(generator);
}

// [B, T, D] -> [B, D, T] and back to rows [B * T, D].
at::Tensor rows(const at::Tensor& encoded) {
  return encoded.transpose(1, 2).reshape({-1, encoded.size(1)});
}

// `run` on frames first .. last - 1 of `frames` with up to `margin` more on both sides. The margin,
// where edges have an effect, is cut off, so pieces join as if nothing had been cut.
template <class Run>
at::Tensor with_margin(std::int64_t first, std::int64_t last, std::int64_t frames,
                       std::int64_t margin, const Run& run) {
  const std::int64_t from = std::max<std::int64_t>(0, first - margin);
  const std::int64_t to = std::min(frames, last + margin);
  return run(from, to - from).narrow(-1, first - from, last - first);
}

template <class Run>
at::Tensor in_chunks(std::int64_t frames, std::int64_t chunk, const Run& run) {
  std::vector<at::Tensor> pieces;
  for (std::int64_t first = 0; first < frames; first += chunk) {
    pieces.push_back(run(first, std::min(frames, first + chunk)));
  }
  return pieces.size() == 1 ? pieces.front() : at::cat(pieces, -1);
}

void check_chunk(std::int64_t chunk) {
  require(chunk >= 1, "expected a chunk of at least 1 frame, got ", chunk);
}

}  // namespace

at::Tensor straight_through(const at::Tensor& encoded, const at::Tensor& quantised) {
  require(encoded.sizes() == quantised.sizes(), "straight-through expected two equal shapes, got ",
          encoded.sizes(), " and ", quantised.sizes());
  // encoded - encoded is exactly 0, so the decoder's input is exactly as in decoding.
  return quantised.detach() + (encoded - encoded.detach());
}

EncoderImpl::EncoderImpl(const config::VqVaeConfig& given, std::int64_t bin_count) : config(given) {
  stem_ = register_module(
      "stem", Conv3(Conv3Config{.in_channels = bin_count, .out_channels = config.channels}));
  mbr_ = register_module("mbr", torch::nn::ModuleList());
  for (const std::int64_t bands : config.bands) mbr_->push_back(make_block(config, bands));
  res_ = register_module("res", torch::nn::ModuleList());
  for (std::int64_t i = 0; i < config.residual_blocks; ++i) res_->push_back(make_block(config, 1));
  head_ = register_module("head", Conv3(Conv3Config{.in_channels = config.channels,
                                                    .out_channels = config.code_width}));
}

at::Tensor EncoderImpl::forward(const at::Tensor& spectrogram) {
  at::Tensor x = stem_->forward_relu(spectrogram);  // [B, C, T]
  x = run_all(*mbr_, x);                            // [B, C, T]
  x = run_all(*res_, x);                            // [B, C, T]
  return head_->forward(x);                         // [B, D, T]
}

void EncoderImpl::initialise(at::Generator generator) {
  stem_->initialise(generator);
  initialise_all(*mbr_, generator);
  initialise_all(*res_, generator);
  head_->initialise(generator);
}

DecoderImpl::DecoderImpl(const config::VqVaeConfig& given, std::int64_t bin_count) : config(given) {
  stem_ = register_module("stem", Conv3(Conv3Config{.in_channels = config.code_width,
                                                    .out_channels = config.channels}));
  res_ = register_module("res", torch::nn::ModuleList());
  for (std::int64_t i = 0; i < config.residual_blocks; ++i) res_->push_back(make_block(config, 1));
  mbr_ = register_module("mbr", torch::nn::ModuleList());
  for (auto bands = config.bands.rbegin(); bands != config.bands.rend(); ++bands) {
    mbr_->push_back(make_block(config, *bands));
  }
  head_ = register_module(
      "head", Conv3(Conv3Config{.in_channels = config.channels, .out_channels = bin_count}));
}

at::Tensor DecoderImpl::forward(const at::Tensor& quantised) {
  at::Tensor x = stem_->forward_relu(quantised);  // [B, C, T]
  x = run_all(*res_, x);                          // [B, C, T]
  x = run_all(*mbr_, x);                          // [B, C, T]
  return head_->forward(x);                       // [B, F, T]
}

void DecoderImpl::initialise(at::Generator generator) {
  stem_->initialise(generator);
  initialise_all(*res_, generator);
  initialise_all(*mbr_, generator);
  head_->initialise(generator);
}

VqVaeImpl::VqVaeImpl(const config::VqVaeConfig& given, std::int64_t bin_count)
    : config(given), bins(bin_count) {
  encoder = register_module("encoder", Encoder(config, bins));
  quantizer = register_module("quantizer", VectorQuantizer(config));
  decoder = register_module("decoder", Decoder(config, bins));
}

VqVaeOutput VqVaeImpl::forward(const at::Tensor& spectrogram, bool quantise) {
  require(spectrogram.dim() == 3 && spectrogram.size(1) == bins && spectrogram.size(2) >= 1,
          "the VQ-VAE expected a spectrogram [B, ", bins, ", T], got ", spectrogram.sizes());
  // For training on a CPU laid out frame by frame, as the convolutions read and write it.
  const at::Tensor target = fast_training_fits(spectrogram)
                                ? spectrogram.transpose(1, 2).contiguous().transpose(1, 2)
                                : spectrogram;
  VqVaeOutput out;
  // float32 from here to the decoder, whatever type the convolutions compute in.
  out.encoded = encoder->forward(target).to(at::kFloat);  // [B, D, T]
  if (quantise) {
    const std::int64_t batch = spectrogram.size(0), frames = spectrogram.size(2);
    out.codes = quantizer->nearest(rows(out.encoded)).view({batch, frames});       // [B, T]
    const at::Tensor chosen = quantizer->lookup(out.codes).transpose(1, 2);        // [B, D, T]
    out.commitment_loss = at::mse_loss(out.encoded, chosen);                       // []
    out.reconstruction = decoder->forward(straight_through(out.encoded, chosen));  // [B, F, T]
  } else {
    out.commitment_loss = at::zeros({}, out.encoded.options());
    out.reconstruction = decoder->forward(out.encoded);  // [B, F, T]
  }
  out.reconstruction_loss = at::mse_loss(out.reconstruction, target);  // []
  out.loss = quantise ? out.reconstruction_loss + config.beta * out.commitment_loss
                      : out.reconstruction_loss;
  return out;
}

at::Tensor VqVaeImpl::encode(const at::Tensor& spectrogram) {
  const at::NoGradGuard no_grad;
  require(spectrogram.dim() == 3 && spectrogram.size(1) == bins && spectrogram.size(2) >= 1,
          "the encoder expected a spectrogram [B, ", bins, ", T], got ", spectrogram.sizes());
  const at::Tensor encoded = encoder->forward(spectrogram);                           // [B, D, T]
  return quantizer->nearest(rows(encoded)).view({encoded.size(0), encoded.size(2)});  // [B, T]
}

at::Tensor VqVaeImpl::decode(const at::Tensor& codes) {
  require(codes.dim() == 2, "the decoder expected codes [B, T], got ", codes.sizes());
  check_codes(codes, config.codes, "the decoder");
  require(codes.size(1) >= 1, "the decoder expected at least one code, got ", codes.sizes());
  return decoder->forward(quantizer->lookup(codes).transpose(1, 2));  // [B, F, T]
}

at::Tensor VqVaeImpl::encode_long(const at::Tensor& spectrogram, std::int64_t chunk) {
  check_chunk(chunk);
  require(spectrogram.dim() == 3 && spectrogram.size(1) == bins && spectrogram.size(2) >= 1,
          "the encoder expected a spectrogram [B, ", bins, ", T], got ", spectrogram.sizes());
  const std::int64_t frames = spectrogram.size(2);
  return in_chunks(frames, chunk, [&](std::int64_t first, std::int64_t last) {
    return with_margin(first, last, frames, margin(), [&](std::int64_t from, std::int64_t size) {
      return encode(spectrogram.narrow(2, from, size));
    });
  });
}

at::Tensor VqVaeImpl::decode_part(const at::Tensor& codes, std::int64_t first,
                                  std::int64_t frames) {
  const at::NoGradGuard no_grad;
  require(codes.dim() == 2 && first >= 0 && frames >= 1 && frames <= codes.size(1) - first,
          "the decoder expected frames of the codes [B, T], got ", frames, " from ", first, " of ",
          codes.sizes());
  return with_margin(
      first, first + frames, codes.size(1), margin(),
      [&](std::int64_t from, std::int64_t size) { return decode(codes.narrow(1, from, size)); });
}

std::int64_t VqVaeImpl::margin() const {
  // stem, head, and two convolutions per block; each reaches one frame further.
  return 2 + 2 * static_cast<std::int64_t>(config.bands.size()) + 2 * config.residual_blocks;
}

void VqVaeImpl::initialise(at::Generator generator) {
  encoder->initialise(generator);
  draw_normal(quantizer->codes, 1, generator);
  decoder->initialise(generator);
}

}  // namespace minet::models
