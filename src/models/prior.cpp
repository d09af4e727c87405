// What all priors share around their network: whole sequences, and one cached step at a time.
#include "minet/models/prior.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <memory>

#include "minet/models/prior_gru.hpp"
#include "minet/models/prior_transformer.hpp"
#include "models/checks.hpp"
#include "models/initialise.hpp"
#include "models/layers.hpp"

namespace minet::models {
namespace {

at::Tensor broadcastable(const at::Tensor& present, const at::TensorOptions& options) {
  return present.defined() ? present.to(options).view({-1, 1, 1}) : at::Tensor();  // [B, 1, 1]
}

void check_position(const PriorCache& cache, const at::Tensor& previous) {
  if (!cache.clock.position().is_cpu()) return;
  const auto position = cache.clock.position().item<std::int64_t>();
  require(previous.defined() == (position > 0),
          position > 0 ? "a step of the prior expected the code sampled last, got none"
                       : "the first step of the prior has no code before it, but one was given");
  require(cache.steps < 0 || position < cache.steps, "the notes given to the prior end at step ",
          cache.steps, "; give notes for the whole length");
}

}  // namespace

PriorImpl::PriorImpl(const config::TrainConfig& given) : config(given) {
  embedding_ = register_module("embedding", torch::nn::Embedding(torch::nn::EmbeddingOptions(
                                                config.vqvae.codes, config.vqvae.code_width)));
  start_ = register_parameter("start", at::zeros({config.vqvae.code_width}));
}

void PriorImpl::register_output() {
  const std::int64_t codes = config.vqvae.codes, width = config.prior_width();
  norm_out_ = register_module("norm_out", make_layer_norm(width));
  if (config.prior.head == config::PriorHead::linear) {
    head_ = register_module("head",
                            torch::nn::Linear(torch::nn::LinearOptions(width, codes).bias(false)));
  } else {
    to_code_ = register_module("to_code", make_linear(width, config.vqvae.code_width));
    head_bias_ = register_parameter("head_bias", at::zeros({codes}));
  }
}

bool PriorImpl::crosses() const {
  return config.content.enabled && config.content.alignment != config::Alignment::added;
}

bool PriorImpl::adds() const {
  return config.content.enabled && config.content.alignment != config::Alignment::cross_attention;
}

void PriorImpl::check_content(const ContentInput& content, std::int64_t batch,
                              std::int64_t steps) const {
  const at::Tensor& memory = content.memory;
  if (!memory.defined()) return;
  require(config.content.enabled,
          "this prior was made without notes (content.enabled is false), but notes were given");
  require(memory.dim() == 3 && memory.size(0) == batch && (steps < 0 || memory.size(1) == steps) &&
              memory.size(2) == config.prior_width(),
          "the prior expected content [", batch, ", ", steps < 0 ? "T" : text(steps), ", ",
          config.prior_width(), "], got ", memory.sizes());
  require(!content.present.defined() ||
              (content.present.dim() == 1 && content.present.size(0) == batch),
          "the prior expected `present` [", batch, "], one 0 or 1 a clip, got ",
          content.present.defined() ? text(content.present.sizes()) : std::string());
  require(content.first == 0 || (steps < 0 && content.first > 0),
          "the prior expected content from the first step on, got some from step ", content.first);
}

at::Tensor PriorImpl::logits(const at::Tensor& x) {
  const at::Tensor y = norm_out_->forward(x);  // [..., W]
  if (!head_.is_empty()) return head_->forward(y);
  return at::linear(to_code_->forward(y), embedding_->weight, head_bias_);  // [..., K]
}

at::Tensor PriorImpl::forward(const at::Tensor& codes, const at::Tensor& body,
                              const ContentInput& content) {
  require(codes.dim() == 2 && codes.size(1) >= 1, "the prior expected codes [B, T], got ",
          codes.sizes());
  check_codes(codes, config.vqvae.codes, "the prior");
  const std::int64_t batch = codes.size(0), steps = codes.size(1);
  require(body.size(-1) == config.body_width() && body.size(0) == batch &&
              (body.dim() == 2 || (body.dim() == 3 && body.size(1) == steps)),
          "the prior expected the body vector [", batch, ", ", config.body_width(), "] or [", batch,
          ", ", steps, ", ", config.body_width(), "], got ", body.sizes());
  check_content(content, batch, steps);

  const at::Tensor before = embedding_->forward(codes.narrow(1, 0, steps - 1));  // [B, T - 1, D]
  const at::Tensor code = at::cat({start_.expand({batch, 1, -1}), before}, 1);   // [B, T, D]
  at::Tensor x = at::cat({code, body_of_steps(body, steps)}, 2);                 // [B, T, W]
  const CrossInput cross{.memory = content.memory,
                         .present = broadcastable(content.present, x.options())};
  if (adds() && cross.memory.defined()) {
    x = cross.present.defined() ? at::addcmul(x, cross.memory, cross.present) : x + cross.memory;
  }
  x = at::dropout(x, config.prior.dropout, is_training());
  const RotaryTable rotary = rotary_.get({.count = steps, .head_width = head_width()}, x.options());
  return logits(run(x, rotary, cross));  // [B, T, K]
}

PriorCache PriorImpl::start(std::int64_t batch, const ContentInput& content) {
  const at::NoGradGuard no_grad;
  require(batch >= 1, "expected a batch of at least 1, got ", batch);
  check_content(content, batch, -1);
  const auto options = start_.options().requires_grad(false);
  PriorCache cache;
  cache.batch = batch;
  RotaryTable rotary;
  if (content.memory.defined()) {
    cache.first = content.first;
    cache.steps = content.first + content.memory.size(1);
    cache.present = broadcastable(content.present, options);
    if (adds()) {
      cache.added = cache.present.defined() ? content.memory * cache.present : content.memory;
    }
    rotary = make_rotary(
        {.first = content.first, .count = content.memory.size(1), .head_width = head_width()},
        options);
  }
  cache.clock = StepClock({.head_width = head_width(),
                           .context = config.prior.context,
                           .memory = crosses() ? rotary.size() : 0},
                          options);
  begin(cache, content.memory, rotary);
  return cache;
}

at::Tensor PriorImpl::step(PriorCache& cache, const at::Tensor& previous, const at::Tensor& body) {
  const at::NoGradGuard no_grad;
  const std::int64_t batch = cache.batch;
  require(batch > 0, "a step of the prior expected a cache that start made, got an empty one");
  require(cache.first == 0, "the prior steps with notes from step 0 on, got some from step ",
          cache.first);
  require(body.dim() == 2 && body.size(0) == batch && body.size(1) == config.body_width(),
          "a step of the prior expected the body vector [", batch, ", ", config.body_width(),
          "], got ", body.sizes());
  check_position(cache, previous);
  at::Tensor code = start_.expand({batch, -1});  // [B, D]
  if (previous.defined()) {
    require(previous.dim() == 1 && previous.size(0) == batch,
            "a step of the prior expected the codes sampled last [", batch, "], got ",
            previous.sizes());
    check_codes(previous, config.vqvae.codes, "the prior");
    code = embedding_->forward(previous);
  }
  at::Tensor x = at::cat({code, body}, 1).unsqueeze(1);  // [B, 1, W]
  if (cache.added.defined()) x = x + cache.added.index_select(1, cache.clock.position());
  return logits(advance(cache, x, cache.clock.next()).squeeze(1));  // [B, K]
}

void PriorImpl::initialise_embedding(const at::Tensor& codes) {
  const at::NoGradGuard no_grad;
  require(codes.sizes() == embedding_->weight.sizes(), "the prior's embedding expected codes ",
          embedding_->weight.sizes(), ", got ", codes.sizes());
  embedding_->weight.copy_(codes);
}

void PriorImpl::initialise(at::Generator generator) {
  draw_normal(embedding_->weight, kTransformerDeviation, generator);
  draw_normal(start_, kTransformerDeviation, generator);
  initialise_network(generator);
  if (!head_.is_empty()) {
    draw_linear(head_, kTransformerDeviation, generator);
  } else {
    draw_linear(to_code_, kTransformerDeviation, generator);
  }
}

Prior make_prior(const config::TrainConfig& config) {
  // The holder takes a pointer to exactly the base.
  std::shared_ptr<PriorImpl> prior;
  if (config.prior.kind == config::PriorKind::gru) {
    prior = std::make_shared<PriorGruImpl>(config);
  } else {
    prior = std::make_shared<PriorTransformerImpl>(config);
  }
  return Prior(prior);
}

}  // namespace minet::models
