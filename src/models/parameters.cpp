// How many numbers a model learns, part by part.
#include <ATen/ATen.h>

#include <iomanip>
#include <sstream>

#include "minet/models/model.hpp"

namespace minet::models {
namespace {

std::int64_t conv3(std::int64_t in, std::int64_t out, std::int64_t groups = 1) {
  return out * (in / groups) * 3 + out;
}

std::int64_t linear(std::int64_t in, std::int64_t out) {
  return in * out + out;
}

std::int64_t vqvae(const config::VqVaeConfig& config, std::int64_t bins) {
  const std::int64_t c = config.channels;
  std::int64_t blocks = config.residual_blocks * 2 * conv3(c, c);
  for (const std::int64_t bands : config.bands) blocks += 2 * conv3(c, c, bands);
  return conv3(bins, c) + 2 * blocks + conv3(c, config.code_width) + conv3(config.code_width, c) +
         conv3(c, bins);
}

std::int64_t body(const config::BodyConfig& config) {
  const std::int64_t h = config.hidden;
  std::int64_t count = 0;
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    const std::int64_t in = layer == 0 ? kPoseValues : 2 * h;
    count += 2 * (3 * h * in + 3 * h * h + 6 * h);  // both directions; two biases
  }
  return count;
}

std::int64_t block(std::int64_t width, std::int64_t ffn, bool cross) {
  const std::int64_t norm = 2 * width;
  std::int64_t count = norm + linear(width, 3 * width) + linear(width, width) + norm +
                       linear(width, ffn) + linear(ffn, width);
  if (cross) {
    count += norm + linear(width, width) + linear(width, 2 * width) + linear(width, width);
  }
  return count;
}

std::int64_t prior(const config::TrainConfig& config) {
  const std::int64_t codes = config.vqvae.codes, code = config.vqvae.code_width;
  const std::int64_t width = config.prior_width();
  const bool cross = config.content.enabled && config.content.alignment != config::Alignment::added;
  std::int64_t count = codes * code + code + 2 * width;
  count += config.prior.layers * block(width, config.prior.ffn, cross);
  count +=
      config.prior.head == config::PriorHead::linear ? width * codes : linear(width, code) + codes;
  return count;
}

std::int64_t content(const config::TrainConfig& config) {
  if (!config.content.enabled) return 0;
  const std::int64_t width = config.prior_width();
  return kNoteSymbols * config.vqvae.code_width +
         config.content.layers * block(width, config.content.ffn, false) + 2 * width +
         linear(width, width);
}

std::int64_t count_of(const torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const at::Tensor& parameter : module.parameters()) count += parameter.numel();
  return count;
}

}  // namespace

ParameterCounts parameter_counts(const Model& model) {
  ParameterCounts counts;
  counts.codebook = model.vqvae->quantizer->codes.numel();
  counts.vqvae = count_of(*model.vqvae) + counts.codebook;
  counts.body = count_of(*model.body);
  counts.prior = count_of(*model.prior);
  if (!model.content.is_empty()) counts.content = count_of(*model.content);
  return counts;
}

std::int64_t parameter_count(const Model& model) {
  return parameter_counts(model).total();
}

ParameterCounts expected_parameter_counts(const config::TrainConfig& config) {
  ParameterCounts counts;
  counts.codebook = config.vqvae.codes * config.vqvae.code_width;
  counts.vqvae = vqvae(config.vqvae, config.spectrogram.bins) + counts.codebook;
  counts.body = body(config.body);
  counts.prior = prior(config);
  counts.content = content(config);
  return counts;
}

std::string parameter_table(const ParameterCounts& counts) {
  std::ostringstream out;
  const auto row = [&out](const char* part, std::int64_t count) {
    out << std::left << std::setw(22) << part << std::right << std::setw(12) << count
        << std::setw(10) << std::fixed << std::setprecision(2)
        << static_cast<double>(count) * 4 / 1e6 << '\n';
  };
  out << std::left << std::setw(22) << "part" << std::right << std::setw(12) << "parameters"
      << std::setw(10) << "MB" << '\n';
  row("VQ-VAE", counts.vqvae);
  row("  of it the codebook", counts.codebook);
  row("body encoder", counts.body);
  row("prior", counts.prior);
  row("content transformer", counts.content);
  row("all", counts.total());
  return std::move(out).str();
}

}  // namespace minet::models
