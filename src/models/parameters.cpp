// Parameter counts of the models, part by part.
#include <ATen/ATen.h>

#include <iomanip>
#include <sstream>

#include "minet/models/model.hpp"
#include "minet/pose/skeleton.hpp"

namespace minet::models {
namespace {

std::int64_t count_conv(std::int64_t in, std::int64_t out, std::int64_t groups = 1) {
  return out * (in / groups) * 3 + out;
}

std::int64_t count_linear(std::int64_t in, std::int64_t out) {
  return in * out + out;
}

std::int64_t count_gru(std::int64_t in, std::int64_t hidden, std::int64_t layers, bool both_ways) {
  const std::int64_t directions = both_ways ? 2 : 1;
  std::int64_t count = 0;
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    const std::int64_t width = layer == 0 ? in : directions * hidden;
    count += directions * (3 * hidden * width + 3 * hidden * hidden + 6 * hidden);  // two biases
  }
  return count;
}

std::int64_t vqvae(const config::VqVaeConfig& config, std::int64_t bins) {
  const std::int64_t c = config.channels;
  std::int64_t blocks = config.residual_blocks * 2 * count_conv(c, c);
  for (const std::int64_t bands : config.bands) blocks += 2 * count_conv(c, c, bands);
  return count_conv(bins, c) + 2 * blocks + count_conv(c, config.code_width) +
         count_conv(config.code_width, c) + count_conv(c, bins);
}

std::int64_t body(const config::BodyConfig& config) {
  return count_gru(kPoseValues, config.hidden, config.layers, true);
}

std::int64_t count_cross_attention(std::int64_t width) {  // including its norm
  return 2 * width + count_linear(width, width) + count_linear(width, 2 * width) +
         count_linear(width, width);
}

std::int64_t count_block(std::int64_t width, std::int64_t ffn, bool cross) {
  const std::int64_t norm = 2 * width;
  std::int64_t count = norm + count_linear(width, 3 * width) + count_linear(width, width) + norm +
                       count_linear(width, ffn) + count_linear(ffn, width);
  if (cross) count += count_cross_attention(width);
  return count;
}

std::int64_t prior(const config::TrainConfig& config) {
  const std::int64_t codes = config.vqvae.codes, code = config.vqvae.code_width;
  const std::int64_t width = config.prior_width();
  const bool cross = config.content.enabled && config.content.alignment != config::Alignment::added;
  const std::int64_t layers = config.prior.layers;
  std::int64_t count = codes * code + code + 2 * width;
  if (config.prior.kind == config::PriorKind::gru) {
    count += count_gru(width, width, layers, false);
    if (config.content.enabled) count += count_linear(width, layers * width);  // the bridge
    if (cross) count += count_cross_attention(width);
  } else {
    count += layers * count_block(width, config.prior.ffn, cross);
  }
  count += config.prior.head == config::PriorHead::linear ? width * codes
                                                          : count_linear(width, code) + codes;
  return count;
}

std::int64_t content(const config::TrainConfig& config) {
  if (!config.content.enabled) return 0;
  const std::int64_t width = config.prior_width();
  if (config.prior.kind == config::PriorKind::gru) {
    return kNoteSymbols * config.vqvae.code_width +
           count_gru(width, width / 2, config.content.layers, true);
  }
  return kNoteSymbols * config.vqvae.code_width +
         config.content.layers * count_block(width, config.content.ffn, false) + 2 * width +
         count_linear(width, width);
}

std::int64_t seq2seq(const config::TrainConfig& config) {
  const std::int64_t hidden = config.seq2seq.hidden, layers = config.seq2seq.layers;
  const std::int64_t bins = config.spectrogram.bins;
  return count_gru(kPoseValues, hidden, layers, true) + bins +
         count_gru(bins + 2 * hidden, 2 * hidden, layers, false) + count_linear(2 * hidden, bins);
}

// An ST-GCN block: channels `in` -> `out`.
std::int64_t count_graph_block(std::int64_t in, std::int64_t out, std::int64_t kernel, bool first) {
  const std::int64_t edges = 3 * pose::kJoints * pose::kJoints;
  std::int64_t count =
      edges + count_linear(in, 3 * out) + 2 * out + count_linear(out * kernel, out) + 2 * out;
  if (!first && in != out) count += count_linear(in, out) + 2 * out;
  return count;
}

std::int64_t graph_transformer(const config::TrainConfig& config) {
  const config::GraphTransformerConfig& g = config.graph_transformer;
  const std::int64_t bins = config.spectrogram.bins;
  std::int64_t count = 2 * kPoseValues, in = 2;
  for (std::size_t i = 0; i < g.blocks.size(); ++i) {
    count += count_graph_block(in, g.blocks[i], g.temporal_kernel, i == 0);
    in = g.blocks[i];
  }
  return count + count_linear(in, g.width) + count_linear(bins, g.width) + g.width +
         g.layers * count_block(g.width, g.ffn, true) + 2 * g.width + count_linear(g.width, bins);
}

// Two linear layers with a layer norm each.
std::int64_t count_two_layers(std::int64_t in, std::int64_t out) {
  return count_linear(in, out) + count_linear(out, out) + 4 * out;
}

// Including the matching network of body and sound (plus/match.cpp).
std::int64_t synthesiser(const config::TrainConfig& config) {
  const std::int64_t width = config.plus.synthesiser_width;
  return count_two_layers(2, width) + count_two_layers(1, width) +
         count_two_layers(config.body_width(), width) + count_gru(3 * width, width, 1, false) +
         count_two_layers(4 * width, width) + count_linear(width, 1) +
         count_linear(width, config.plus.harmonics) + count_linear(width, config.plus.noise_bands) +
         count_linear(128, 128) + 2 * 128 + count_linear(128, config.body_width()) + 1;
}

// Movement encoder and prior of plus; the widths that are not configurable are those of
// plus/control_prior.cpp.
std::int64_t controls(const config::TrainConfig& config) {
  const config::PlusConfig& plus = config.plus;
  const std::int64_t motion = 2 * plus.motion_hidden, width = plus.prior_width, trunk = 256;
  const std::int64_t seen = config.body_width() + motion, condition = seen + 33;
  return count_linear(442 + config.body_width(), 256) + 2 * 256 + count_linear(256, 128) + 2 * 128 +
         count_gru(128, plus.motion_hidden, plus.motion_layers, true) + 3 * 8 + 130 * 64 +
         (plus.levels + 1) * 32 + 130 * 32 + count_linear(104 + condition, width) +
         count_gru(width, width, plus.prior_layers, false) +
         count_linear(width + condition, trunk) + count_linear(trunk, 2) +
         count_linear(trunk + 8, 129) + count_linear(trunk + 72, 128) +
         count_linear(128, plus.levels) + count_linear(seen, 131);
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
  if (config.is_baseline()) {
    counts.baseline = config.model.kind == config::ModelKind::seq2seq ? seq2seq(config)
                                                                      : graph_transformer(config);
    return counts;
  }
  if (config.is_plus()) {
    counts.body = body(config.body);
    counts.synthesiser = synthesiser(config);
    counts.prior = controls(config);
    return counts;
  }
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
  if (counts.baseline > 0) {
    row("baseline", counts.baseline);
    return std::move(out).str();
  }
  if (counts.synthesiser > 0) {
    row("body encoder", counts.body);
    row("synthesiser", counts.synthesiser);
    row("motion and prior", counts.prior);
    row("all", counts.total());
    return std::move(out).str();
  }
  row("VQ-VAE", counts.vqvae);
  row("  of it the codebook", counts.codebook);
  row("body encoder", counts.body);
  row("prior", counts.prior);
  row("content model", counts.content);
  row("all", counts.total());
  return std::move(out).str();
}

}  // namespace minet::models
