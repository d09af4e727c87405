// Rows of a batch are independent, so each thread handles whole rows. Keys have the slots in their
// last dimension, values a row per slot, as the kernels want them.
#include "minet/models/fast_prior.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "models/checks.hpp"
#include "models/cpu/packed_linear.hpp"

namespace minet::models {
namespace {

using Floats = std::vector<float>;

constexpr std::int64_t kRowsTogether = 4;  // rows of a batch that the kernels process together
constexpr float kNoCode = -1e30F;

std::int64_t round_up(std::int64_t value, std::int64_t to) {
  return (value + to - 1) / to * to;
}

const float* data(const at::Tensor& tensor) {
  return tensor.const_data_ptr<float>();
}

struct Norm {
  Floats weight, bias;
};

struct BlockWeights {
  Norm norm1, norm_cross, norm2;
  PackedLinear qkv, out, cross_q, cross_out, up, down;
};

// Keys [B, h, d, slots] and values [B, h, slots, d]; slots and the values' d are padded to 16.
struct Memory {
  Floats keys, values;
  std::int64_t slots = 0;  // padded
};

struct BlockMemory {
  Memory self, cross;
};

// Rows processed together: which ones of the batch, and their layout in Scratch.
struct Rows {
  std::int64_t first, count;
  std::int64_t stride, seen, wide;  // floats per row of x and normed, of seen, of wide
};

// Working memory for the rows being processed.
struct Scratch {
  Floats x, normed, wide, turned, heads, seen, scores;
};

}  // namespace

// Shared by all copies of a FastPrior.
struct FastPrior::Weights {
  explicit Weights(Prior given);

  Prior prior;
  std::int64_t width, heads, head, head_padded, ffn, codes, codes_padded, code_width, body_width;
  std::int64_t context;
  std::vector<double> speeds;    // [d / 2], radians per step
  Floats embedding, first_code;  // [K, D], [D]
  std::vector<BlockWeights> blocks;
  Norm norm_out;
  PackedLinear to_code, head_out;  // to_code only with a tied head
};

struct FastPrior::State {
  std::shared_ptr<const Weights> weights;
  const StepKernels* kernels;

  std::int64_t batch = 0, position = 0;
  std::int64_t notes_first = 0, notes_end = -1;  // the notes' steps; end -1: no notes, no end
  std::vector<BlockMemory> memories;             // by block
  at::Tensor added;                              // aligned content [B, T, W], or undefined
  Floats present;                                // [B]
  Floats cosines, sines;                         // [d / 2] of this step
  Floats logits;                                 // [B, K padded]
  Floats drawn, sums;                            // [K padded], [K padded / 64]
  Scratch scratch;

  void run(std::int64_t first, std::int64_t count, std::span<const std::int64_t> previous,
           std::span<const float> body);
  void put_input(const Rows& rows, std::span<const std::int64_t> previous,
                 std::span<const float> body);
  void normalise(const Norm& norm, const Rows& rows);
  void add(const PackedLinear& layer, const Floats& from, std::int64_t from_stride,
           const Rows& rows, bool with_present);
  void look_back(const BlockWeights& block, Memory& self, const Rows& rows);
  void look_at_notes(const BlockWeights& block, const Memory& cross, const Rows& rows);
  void rotate_heads(const float* from);
  void see(const ContentInput& content);
  void apply(const PackedLinear& layer, const float* x, std::int64_t x_stride, std::int64_t rows,
             float* y, std::int64_t y_stride, bool relu = false) const {
    layer.apply(*kernels, x, x_stride, rows, y, y_stride, relu);
  }
  void rotate(const float* from, float* to) const;
  void attend(const Memory& memory, std::int64_t row, const float* queries, std::int64_t first,
              std::int64_t count, float* out);
};

FastPrior::Weights::Weights(Prior given) : prior(std::move(given)) {
  const config::TrainConfig& config = prior->config;
  width = config.prior_width();
  heads = config.prior.heads;
  head = width / heads;
  head_padded = round_up(head, 16);
  ffn = config.prior.ffn;
  codes = config.vqvae.codes;
  codes_padded = round_up(codes, kPanel);
  code_width = config.vqvae.code_width;
  body_width = config.body_width();
  context = config.prior.context;
  for (std::int64_t i = 0; i < head / 2; ++i) {
    speeds.push_back(std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(head)));
  }

  const auto parameters = prior->named_parameters();
  const auto take = [&](const std::string& name) {
    const at::Tensor tensor = parameters[name].detach().contiguous();
    return Floats(data(tensor), data(tensor) + tensor.numel());
  };
  const auto norm = [&](const std::string& name) {
    return Norm{take(name + ".weight"), take(name + ".bias")};
  };
  const auto linear = [&](const std::string& name) {
    const auto* bias = parameters.find(name + ".bias");
    return PackedLinear(parameters[name + ".weight"], bias ? *bias : at::Tensor());
  };
  embedding = take("embedding.weight");
  first_code = take("start");
  for (std::int64_t i = 0; i < config.prior.layers; ++i) {
    const std::string name = text("blocks.", i, ".");
    BlockWeights block;
    block.norm1 = norm(name + "norm1");
    block.qkv = linear(name + "attention.qkv");
    block.out = linear(name + "attention.out");
    if (parameters.contains(name + "norm_cross.weight")) {
      block.norm_cross = norm(name + "norm_cross");
      block.cross_q = linear(name + "cross.q");
      block.cross_out = linear(name + "cross.out");
    }
    block.norm2 = norm(name + "norm2");
    block.up = linear(name + "up");
    block.down = linear(name + "down");
    blocks.push_back(std::move(block));
  }
  norm_out = norm("norm_out");
  if (parameters.contains("head.weight")) {
    head_out = linear("head");
  } else {
    to_code = linear("to_code");
    head_out = PackedLinear(parameters["embedding.weight"], parameters["head_bias"]);
  }
  // The padding's logits are too low ever to be sampled.
  head_out.bias.resize(static_cast<std::size_t>(codes_padded), 0);
  std::fill(head_out.bias.begin() + codes, head_out.bias.end(), kNoCode);
}

bool FastPrior::can_run(const Prior& prior) {
  if (prior->config.prior.kind != config::PriorKind::transformer) return false;
  if (prior->config.prior_width() % 16 != 0) return false;
  const auto parameters = prior->parameters();
  return std::all_of(parameters.begin(), parameters.end(), [](const at::Tensor& tensor) {
    return tensor.is_cpu() && tensor.scalar_type() == at::kFloat;
  });
}

FastPrior::FastPrior(Prior prior) : state_(std::make_unique<State>()) {
  state_->kernels = &step_kernels();
  state_->weights = std::make_shared<const Weights>(std::move(prior));
}

FastPrior::FastPrior(const FastPrior& other) : state_(std::make_unique<State>()) {
  state_->kernels = other.state_->kernels;
  state_->weights = other.state_->weights;
}

FastPrior::~FastPrior() = default;

void FastPrior::start(std::int64_t batch, const ContentInput& content) {
  State& state = *state_;
  const Weights& w = *state.weights;
  require(content.first == 0, "a prior starts with the notes of the first step, got those from ",
          content.first);
  state.batch = batch;
  state.position = 0;
  state.memories.assign(w.blocks.size(), {});
  for (BlockMemory& memory : state.memories) {
    const std::int64_t pairs = batch * w.heads;
    // A step reads up to 15 slots past the last; every row has room for that.
    memory.self.slots = round_up(w.context, 16);
    memory.self.keys.assign(static_cast<std::size_t>(pairs * w.head * memory.self.slots + 16), 0);
    memory.self.values.assign(static_cast<std::size_t>(pairs * memory.self.slots * w.head_padded),
                              0);
  }
  state.see(content);
  state.cosines.resize(static_cast<std::size_t>(w.head / 2));
  state.sines.resize(static_cast<std::size_t>(w.head / 2));
  state.logits.assign(static_cast<std::size_t>(batch * w.codes_padded), 0);
  state.drawn.assign(static_cast<std::size_t>(w.codes_padded), 0);
  state.sums.assign(static_cast<std::size_t>(w.codes_padded / kPanel), 0);
  const auto rows = static_cast<std::size_t>(kRowsTogether);
  const auto padded = static_cast<std::size_t>(round_up(w.width, kPanel));
  const auto widest =
      static_cast<std::size_t>(std::max(round_up(3 * w.width, kPanel), round_up(w.ffn, kPanel)));
  state.scratch = {.x = Floats(rows * padded),
                   .normed = Floats(rows * padded),
                   .wide = Floats(rows * widest),
                   .turned = Floats(padded),
                   .heads = Floats(static_cast<std::size_t>(w.head_padded)),
                   .seen = Floats(rows * (padded + 16)),
                   .scores = Floats(static_cast<std::size_t>(2 * w.context + 48))};
}

void FastPrior::go_on_with(const ContentInput& content) {
  State& state = *state_;
  require(
      state.notes_end >= 0 && content.memory.defined() &&
          content.first <= std::max<std::int64_t>(0, state.position - state.weights->context + 1),
      "a prior continues with notes from ", state.weights->context - 1, " steps before step ",
      state.position, ", got ", content.memory.defined() ? "later ones" : "none");
  state.see(content);
}

void FastPrior::State::see(const ContentInput& content) {
  const at::NoGradGuard no_grad;
  // Checks the content and returns the rotated keys of the notes.
  Prior prior = weights->prior;
  const PriorCache cache = prior->start(batch, content);
  notes_first = cache.first;
  notes_end = cache.steps;
  added = cache.added.defined() ? cache.added.contiguous() : at::Tensor();
  present.assign(static_cast<std::size_t>(batch), 1);
  if (cache.present.defined()) {
    const at::Tensor given = cache.present.flatten().to(at::kFloat).contiguous();
    std::copy_n(data(given), batch, present.data());
  }
  for (std::size_t b = 0; b < memories.size(); ++b) {
    const KeyValues& cross = cache.blocks[b].cross;
    Memory& memory = memories[b].cross;
    memory = {};
    if (!cross.keys.defined()) continue;
    const std::int64_t length = cross.keys.size(2);
    memory.slots = round_up(length, 16) + 16;
    const auto pad = [](const at::Tensor& x, std::int64_t by) {
      return at::constant_pad_nd(x, {0, by}).contiguous();
    };
    const at::Tensor keys =
        pad(cross.keys.transpose(2, 3), memory.slots - length);  // [B, h, d, slots]
    const at::Tensor values = pad(cross.values, weights->head_padded - weights->head);
    memory.keys.assign(data(keys), data(keys) + keys.numel());
    memory.keys.resize(memory.keys.size() + 16, 0);
    memory.values.assign(data(values), data(values) + values.numel());
  }
}

// Rotates the pairs (i, i + d / 2) of one head.
void FastPrior::State::rotate(const float* from, float* to) const {
  const std::int64_t half = weights->head / 2;
  for (std::int64_t i = 0; i < half; ++i) {
    const float a = from[i], b = from[i + half];
    const float c = cosines[static_cast<std::size_t>(i)], n = sines[static_cast<std::size_t>(i)];
    to[i] = a * c - b * n;
    to[i + half] = a * n + b * c;
  }
}

// All heads of one row; `out` [W].
void FastPrior::State::attend(const Memory& memory, std::int64_t row, const float* queries,
                              std::int64_t first, std::int64_t count, float* out) {
  const Weights& w = *weights;
  const bool direct = w.head == w.head_padded;
  const auto value_slots =
      static_cast<std::int64_t>(memory.values.size()) / (batch * w.heads * w.head_padded);
  for (std::int64_t h = 0; h < w.heads; ++h) {
    const std::int64_t pair = row * w.heads + h;
    kernels->attend({.query = queries + h * w.head,
                     .keys = memory.keys.data() + pair * w.head * memory.slots + first,
                     .values = memory.values.data() + (pair * value_slots + first) * w.head_padded,
                     .head_width = w.head,
                     .key_stride = memory.slots,
                     .value_stride = w.head_padded,
                     .count = count,
                     .scale = 1 / std::sqrt(static_cast<float>(w.head)),
                     .scores = scratch.scores.data(),
                     .out = direct ? out + h * w.head : scratch.heads.data()});
    if (!direct) std::copy_n(scratch.heads.data(), w.head, out + h * w.head);
  }
}

// x = [previous code or start, body], + this step's content if content is added.
void FastPrior::State::put_input(const Rows& rows, std::span<const std::int64_t> previous,
                                 std::span<const float> body) {
  const Weights& w = *weights;
  for (std::int64_t r = 0; r < rows.count; ++r) {
    const std::int64_t row = rows.first + r;
    float* x = scratch.x.data() + r * rows.stride;
    const float* code =
        previous.empty()
            ? w.first_code.data()
            : w.embedding.data() + previous[static_cast<std::size_t>(row)] * w.code_width;
    std::copy_n(code, w.code_width, x);
    std::copy_n(body.data() + row * w.body_width, w.body_width, x + w.code_width);
    if (!added.defined()) continue;
    const float* extra = data(added) + (row * added.size(1) + position - notes_first) * w.width;
    for (std::int64_t i = 0; i < w.width; ++i) x[i] += extra[i];
  }
}

// normed = norm(x)
void FastPrior::State::normalise(const Norm& norm, const Rows& rows) {
  for (std::int64_t r = 0; r < rows.count; ++r) {
    kernels->normalise({.x = scratch.x.data() + r * rows.stride,
                        .weight = norm.weight.data(),
                        .bias = norm.bias.data(),
                        .width = weights->width,
                        .y = scratch.normed.data() + r * rows.stride});
  }
}

// x += layer(from), times `present` if `with_present` (the notes).
void FastPrior::State::add(const PackedLinear& layer, const Floats& from, std::int64_t from_stride,
                           const Rows& rows, bool with_present) {
  apply(layer, from.data(), from_stride, rows.count, scratch.normed.data(), rows.stride);
  for (std::int64_t r = 0; r < rows.count; ++r) {
    const float factor = with_present ? present[static_cast<std::size_t>(rows.first + r)] : 1.0F;
    float* x = scratch.x.data() + r * rows.stride;
    const float* y = scratch.normed.data() + r * rows.stride;
    for (std::int64_t i = 0; i < weights->width; ++i) x[i] += factor * y[i];
  }
}

void FastPrior::State::rotate_heads(const float* from) {
  const std::int64_t head = weights->head;
  for (std::int64_t h = 0; h < weights->heads; ++h) {
    rotate(from + h * head, scratch.turned.data() + h * head);
  }
}

// x += out(attention(norm1(x))); this step's keys and values go into the memory first.
void FastPrior::State::look_back(const BlockWeights& block, Memory& self, const Rows& rows) {
  const Weights& w = *weights;
  const std::int64_t slot = position % w.context;
  const std::int64_t filled = std::min(position + 1, w.context);
  normalise(block.norm1, rows);
  apply(block.qkv, scratch.normed.data(), rows.stride, rows.count, scratch.wide.data(), rows.wide);
  for (std::int64_t r = 0; r < rows.count; ++r) {
    const float* qkv = scratch.wide.data() + r * rows.wide;
    for (std::int64_t h = 0; h < w.heads; ++h) {
      const std::int64_t pair = (rows.first + r) * w.heads + h;
      rotate(qkv + w.width + h * w.head, scratch.turned.data());
      float* keys = self.keys.data() + pair * w.head * self.slots + slot;
      for (std::int64_t i = 0; i < w.head; ++i) {
        keys[i * self.slots] = scratch.turned[static_cast<std::size_t>(i)];
      }
      std::copy_n(qkv + 2 * w.width + h * w.head, w.head,
                  self.values.data() + (pair * self.slots + slot) * w.head_padded);
    }
    rotate_heads(qkv);
    attend(self, rows.first + r, scratch.turned.data(), 0, filled,
           scratch.seen.data() + r * rows.seen);
  }
  add(block.out, scratch.seen, rows.seen, rows, false);
}

// x += present * cross_out(attention over the notes' band); nothing without notes.
void FastPrior::State::look_at_notes(const BlockWeights& block, const Memory& cross,
                                     const Rows& rows) {
  if (cross.keys.empty()) return;
  const std::int64_t from = std::max(notes_first, position - weights->context + 1);
  const std::int64_t to = std::min(notes_end, position + weights->context);
  normalise(block.norm_cross, rows);
  apply(block.cross_q, scratch.normed.data(), rows.stride, rows.count, scratch.wide.data(),
        rows.wide);
  for (std::int64_t r = 0; r < rows.count; ++r) {
    rotate_heads(scratch.wide.data() + r * rows.wide);
    attend(cross, rows.first + r, scratch.turned.data(), from - notes_first, to - from,
           scratch.seen.data() + r * rows.seen);
  }
  add(block.cross_out, scratch.seen, rows.seen, rows, true);
}

// Rows first .. first + count - 1 of the batch, at most kRowsTogether.
void FastPrior::State::run(std::int64_t first, std::int64_t count,
                           std::span<const std::int64_t> previous, std::span<const float> body) {
  const Weights& w = *weights;
  const std::int64_t stride = round_up(w.width, kPanel);
  const Rows rows{.first = first,
                  .count = count,
                  .stride = stride,
                  .seen = stride + 16,
                  .wide = static_cast<std::int64_t>(scratch.wide.size()) / kRowsTogether};
  put_input(rows, previous, body);
  for (std::size_t b = 0; b < w.blocks.size(); ++b) {
    const BlockWeights& block = w.blocks[b];
    look_back(block, memories[b].self, rows);
    look_at_notes(block, memories[b].cross, rows);
    normalise(block.norm2, rows);
    apply(block.up, scratch.normed.data(), rows.stride, count, scratch.wide.data(), rows.wide,
          /*relu=*/true);
    add(block.down, scratch.wide, rows.wide, rows, false);
  }
  normalise(w.norm_out, rows);
  const float* last = scratch.normed.data();
  std::int64_t last_stride = rows.stride;
  if (!w.to_code.panels.empty()) {
    apply(w.to_code, last, last_stride, count, scratch.wide.data(), rows.wide);
    last = scratch.wide.data();
    last_stride = rows.wide;
  }
  apply(w.head_out, last, last_stride, count, logits.data() + first * w.codes_padded,
        w.codes_padded);
}

void FastPrior::step(std::span<const std::int64_t> previous, std::span<const float> body) {
  State& state = *state_;
  const Weights& w = *state.weights;
  const auto batch = static_cast<std::size_t>(state.batch);
  require(state.batch > 0, "a step of the prior expected start() before it");
  require(body.size() == batch * static_cast<std::size_t>(w.body_width) &&
              previous.size() == (state.position == 0 ? 0 : batch),
          "a step of the prior expected ", state.batch, " body vectors of ", w.body_width,
          " and the codes before (none at the first step), got ", body.size(), " numbers and ",
          previous.size(), " codes");
  require(state.notes_end < 0 || state.position < state.notes_end,
          "the prior expected at most as many steps as notes (", state.notes_end, ")");
  for (const std::int64_t code : previous) {
    require(code >= 0 && code < w.codes, "the prior expected codes from 0 to ", w.codes - 1,
            ", got ", code);
  }
  for (std::size_t i = 0; i < w.speeds.size(); ++i) {
    const double angle = static_cast<double>(state.position) * w.speeds[i];
    state.cosines[i] = static_cast<float>(std::cos(angle));
    state.sines[i] = static_cast<float>(std::sin(angle));
  }
  for (std::int64_t first = 0; first < state.batch; first += kRowsTogether) {
    state.run(first, std::min(kRowsTogether, state.batch - first), previous, body);
  }
  ++state.position;
}

std::span<const float> FastPrior::logits(std::int64_t row) const {
  const Weights& w = *state_->weights;
  return {state_->logits.data() + row * w.codes_padded, static_cast<std::size_t>(w.codes)};
}

std::int64_t FastPrior::draw(std::int64_t row, float scale, double uniform) {
  State& state = *state_;
  const Weights& w = *state.weights;
  state.kernels->weigh({.logits = state.logits.data() + row * w.codes_padded,
                        .count = w.codes_padded,
                        .scale = scale,
                        .weights = state.drawn.data(),
                        .sums = state.sums.data()});
  double total = 0;
  for (const float sum : state.sums) total += sum;
  const double target = uniform * total;
  // First the block of 64 codes, then the code in it; any remainder from rounding goes to the last
  // code with a weight.
  double sum = 0;
  std::size_t block = 0;
  while (block + 1 < state.sums.size() && sum + state.sums[block] <= target)
    sum += state.sums[block++];
  std::int64_t last = -1;
  const auto codes = static_cast<std::size_t>(w.codes);
  for (std::size_t i = block * kPanel; i < codes; ++i) {
    if (state.drawn[i] == 0) continue;
    sum += state.drawn[i];
    last = static_cast<std::int64_t>(i);
    if (sum > target) return last;
  }
  if (last >= 0) return last;
  const auto best = std::max_element(state.drawn.begin(), state.drawn.begin() + w.codes);
  return best - state.drawn.begin();
}

}  // namespace minet::models
