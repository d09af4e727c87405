// Embeddings are multiplied in advance with the layers that read them, so that a token costs a sum
// of a few rows.
#include "minet/models/fast_controls.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "minet/core/text.hpp"
#include "models/cpu/packed_linear.hpp"

namespace minet::models {
namespace {

using Floats = std::vector<float>;

Floats floats_of(const at::Tensor& tensor) {
  const at::Tensor here = tensor.detach().contiguous();
  return {here.const_data_ptr<float>(), here.const_data_ptr<float>() + here.numel()};
}

// Rows of `width` values: the contribution of each symbol of an embedding to a layer.
struct Table {
  std::int64_t width = 0;
  Floats rows;

  Table() = default;
  Table(const at::Tensor& embedding, const at::Tensor& weight /* the layer's columns for it */)
      : width(weight.size(0)), rows(floats_of(embedding.matmul(weight.t()))) {}
  void add(std::int64_t symbol, float* to) const {
    const float* row = rows.data() + symbol * width;
    for (std::int64_t i = 0; i < width; ++i) to[i] += row[i];
  }
};

void rectify(float* x, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) x[i] = std::max(0.0F, x[i]);
}

float logistic(float x) {
  return 1 / (1 + std::exp(-x));
}

// One layer of the GRU, with PyTorch's gates: r, z, n.
struct GruLayer {
  PackedLinear input, hidden;

  // `from`, `to`: the outputs of `input` and `hidden`, [3 W padded]. state [W] -> the next.
  void step(float* from, float* to, float* state, std::int64_t width) const {
    for (std::int64_t i = 0; i < width; ++i) {
      const float r = logistic(from[i] + to[i]), z = logistic(from[width + i] + to[width + i]);
      const float n = std::tanh(from[2 * width + i] + r * to[2 * width + i]);
      state[i] = (1 - z) * n + z * state[i];
    }
  }
};

}  // namespace

struct FastControls::State {
  State(const ControlPrior& prior, std::int64_t pieces);

  const StepKernels* kernels;
  std::int64_t batch, width, trunk_width, levels;
  // The weights of in, trunk and seen for the condition, stacked as rows.
  at::Tensor condition_weight, condition_bias;
  Table in_onset, in_pitch, in_level, onset_to_pitch, onset_to_level, pitch_to_level;
  std::vector<GruLayer> gru;
  PackedLinear trunk, onset, pitch, level_in, level;

  Floats x, hidden, gates_in, gates_hidden, trunks;  // [B, ...]
  Floats part;                                       // [B, D], the condition's part, per frame
  Floats logits, free_logits, level_hidden, level_logits;

  float* row(Floats& of, std::int64_t piece) const {
    return of.data() + piece * static_cast<std::int64_t>(of.size()) / batch;
  }
  const float* prepared(std::int64_t piece, std::int64_t offset) {
    return row(part, piece) + offset;
  }
  void pitch_of(std::int64_t piece, std::int64_t symbol);
};

FastControls::State::State(const ControlPrior& prior, std::int64_t pieces)
    : kernels(&step_kernels()), batch(pieces) {
  const at::NoGradGuard no_grad;
  const auto parameters = prior->named_parameters();
  const auto take = [&](const std::string& name) { return parameters[name].detach().to(at::kCPU); };
  const at::Tensor in = take("in.weight"), trunk_weight = take("trunk.weight");
  const at::Tensor seen = take("seen.weight"), pitch_weight = take("pitch.weight");
  const at::Tensor level_weight = take("level_in.weight");
  const at::Tensor onsets = take("embedding_onset.weight");
  const at::Tensor pitches = take("embedding_pitch.weight");
  const at::Tensor loudness = take("embedding_level.weight");
  const std::int64_t on = onsets.size(1), up = pitches.size(1), loud = loudness.size(1);
  width = in.size(0), trunk_width = trunk_weight.size(0), levels = take("level.weight").size(0);

  in_onset = {onsets, in.narrow(1, 0, on)};
  in_pitch = {pitches, in.narrow(1, on, up)};
  in_level = {loudness, in.narrow(1, on + up, loud)};
  onset_to_pitch = {onsets, pitch_weight.narrow(1, trunk_width, on)};
  onset_to_level = {onsets, level_weight.narrow(1, trunk_width, on)};
  pitch_to_level = {pitches, level_weight.narrow(1, trunk_width + on, up)};
  const std::int64_t conditions = trunk_weight.size(1) - width;
  condition_weight =
      at::cat({in.narrow(1, on + up + loud, conditions), trunk_weight.narrow(1, width, conditions),
               at::constant_pad_nd(seen, {0, conditions - seen.size(1)})});
  condition_bias = at::cat({take("in.bias"), take("trunk.bias"), take("seen.bias")});

  for (std::int64_t layer = 0; parameters.contains(text("gru.weight_ih_l", layer)); ++layer) {
    const auto linear = [&](const char* of) {
      return PackedLinear(take(text("gru.weight_", of, "_l", layer)),
                          take(text("gru.bias_", of, "_l", layer)));
    };
    gru.push_back({.input = linear("ih"), .hidden = linear("hh")});
  }
  trunk = {trunk_weight.narrow(1, 0, width), {}};
  onset = {take("onset.weight"), take("onset.bias")};
  pitch = {pitch_weight.narrow(1, 0, trunk_width), take("pitch.bias")};
  level_in = {level_weight.narrow(1, 0, trunk_width), take("level_in.bias")};
  level = {take("level.weight"), take("level.bias")};

  const auto room = [&](std::int64_t each) {
    return Floats(static_cast<std::size_t>(batch * each));
  };
  x = room(width), hidden = room(width * static_cast<std::int64_t>(gru.size()));
  gates_in = room(gru.front().input.out), gates_hidden = room(gru.front().hidden.out);
  trunks = room(trunk.out), part = room(condition_weight.size(0));
  const auto one = [](const PackedLinear& layer) {
    return Floats(static_cast<std::size_t>(layer.out));
  };
  logits = one(pitch), free_logits = Floats(kPitchSymbols);
  level_hidden = one(level_in), level_logits = one(level);
}

bool FastControls::can_run(const ControlPrior& prior) {
  const auto parameters = prior->parameters();
  return std::all_of(parameters.begin(), parameters.end(),
                     [](const at::Tensor& tensor) { return tensor.scalar_type() == at::kFloat; });
}

FastControls::FastControls(const ControlPrior& prior, std::int64_t batch)
    : state_(std::make_unique<State>(prior, batch)) {}
FastControls::~FastControls() = default;

at::Tensor FastControls::prepare(const at::Tensor& condition) const {
  const at::NoGradGuard no_grad;
  return at::linear(condition.to(at::kCPU), state_->condition_weight, state_->condition_bias);
}

void FastControls::advance(std::span<const std::int64_t> onset, std::span<const std::int64_t> pitch,
                           std::span<const std::int64_t> level, const at::Tensor& prepared) {
  State& s = *state_;
  const at::Tensor here = prepared.contiguous();
  std::copy_n(here.const_data_ptr<float>(), s.part.size(), s.part.data());
  const auto symbol = [](std::span<const std::int64_t> given, std::int64_t b, const Table& table) {
    const auto none = static_cast<std::int64_t>(table.rows.size()) / table.width - 1;
    return given.empty() ? none : given[static_cast<std::size_t>(b)];
  };
  for (std::int64_t b = 0; b < s.batch; ++b) {
    float* x = s.row(s.x, b);
    std::copy_n(s.prepared(b, 0), s.width, x);
    s.in_onset.add(symbol(onset, b, s.in_onset), x);
    s.in_pitch.add(symbol(pitch, b, s.in_pitch), x);
    s.in_level.add(symbol(level, b, s.in_level), x);
    rectify(x, s.width);
  }
  const auto layers = static_cast<std::int64_t>(s.gru.size());
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    const GruLayer& gru = s.gru[static_cast<std::size_t>(layer)];
    float* state = s.hidden.data() + layer * s.width;
    gru.input.apply(*s.kernels, s.x.data(), s.width, s.batch, s.gates_in.data(), gru.input.out);
    gru.hidden.apply(*s.kernels, state, layers * s.width, s.batch, s.gates_hidden.data(),
                     gru.hidden.out);
    for (std::int64_t b = 0; b < s.batch; ++b) {
      float* own = state + b * layers * s.width;
      gru.step(s.row(s.gates_in, b), s.row(s.gates_hidden, b), own, s.width);
      std::copy_n(own, s.width, s.row(s.x, b));
    }
  }
  s.trunk.apply(*s.kernels, s.x.data(), s.width, s.batch, s.trunks.data(), s.trunk.out);
  for (std::int64_t b = 0; b < s.batch; ++b) {
    float* trunk = s.row(s.trunks, b);
    const float* part = s.prepared(b, s.width);
    for (std::int64_t i = 0; i < s.trunk_width; ++i) trunk[i] += part[i];
    rectify(trunk, s.trunk_width);
  }
}

std::span<const float> FastControls::onset_logits(std::int64_t piece) {
  State& s = *state_;
  s.onset.apply(*s.kernels, s.row(s.trunks, piece), 0, 1, s.logits.data(), 0);
  return std::span(s.logits).first(2);
}

std::span<const float> FastControls::free_onset_logits(std::int64_t piece) {
  State& s = *state_;
  onset_logits(piece);
  const float* seen = s.prepared(piece, s.width + s.trunk_width);
  s.logits[1] += static_cast<float>(kSeenOnset) *
                 (seen[kPitchSymbols + 1] - seen[kPitchSymbols] - static_cast<float>(kUsualOnset));
  return std::span(s.logits).first(2);
}

void FastControls::State::pitch_of(std::int64_t piece, std::int64_t symbol) {
  pitch.apply(*kernels, row(trunks, piece), 0, 1, logits.data(), 0);
  onset_to_pitch.add(symbol, logits.data());
}

std::span<const float> FastControls::pitch_logits(std::int64_t piece, std::int64_t onset) {
  state_->pitch_of(piece, onset);
  return std::span(state_->logits).first(kPitchSymbols);
}

std::span<const float> FastControls::free_pitch_logits(std::int64_t piece, std::int64_t onset) {
  State& s = *state_;
  s.pitch_of(piece, onset);
  const float* seen = s.prepared(piece, s.width + s.trunk_width);
  for (std::size_t i = 0; i < s.free_logits.size(); ++i) s.free_logits[i] = s.logits[i] + seen[i];
  s.free_logits[0] += static_cast<float>(kNoPitchLogit);
  return s.free_logits;
}

std::span<const float> FastControls::level_logits(std::int64_t piece, std::int64_t onset,
                                                  std::int64_t pitch) {
  State& s = *state_;
  s.level_in.apply(*s.kernels, s.row(s.trunks, piece), 0, 1, s.level_hidden.data(), 0);
  s.onset_to_level.add(onset, s.level_hidden.data());
  s.pitch_to_level.add(pitch, s.level_hidden.data());
  rectify(s.level_hidden.data(), s.level_in.out);
  s.level.apply(*s.kernels, s.level_hidden.data(), 0, 1, s.level_logits.data(), 0);
  return std::span(s.level_logits).first(static_cast<std::size_t>(s.levels));
}

}  // namespace minet::models
