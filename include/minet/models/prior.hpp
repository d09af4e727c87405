// The prior (paper section 3.3): predicts the next code from the codes so far, the body vector and,
// if given, the notes. This header has what its two kinds share: the inputs, and the logits from a
// hidden vector. prior_transformer.hpp: the paper's, GPT-1 style; prior_gru.hpp: the decoder of the
// paper's GRU-Seq2Seq. Codes are sampled from a prior in generation/sampling.hpp.
// Letters: B batch, T codes, K codebook size, D code width, H body width, W = D + H.
#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

#include "minet/config/train_config.hpp"
#include "minet/models/attention.hpp"

namespace minet::models {

// The notes, as encoded by the content model. Without a memory the prior plays without notes, which
// is what `present` = 0 does for single clips.
struct ContentInput {
  at::Tensor memory = {};   // [B, T, W]
  at::Tensor present = {};  // [B] 0/1, or undefined: all present
  std::int64_t first = 0;   // the step at which the memory begins; not 0 only for `start`
};

// The state of cached sampling: bounded by `context` and the length of the notes, not by the length
// played.
struct PriorCache {
  std::vector<BlockCache> blocks;  // of a transformer; of a GRU, only one, for its cross-attention
  at::Tensor state;                // of a GRU, [layers, B, W]
  StepClock clock;                 // counts the steps
  at::Tensor added;                // [B, T, W]: aligned content times present; undefined without
  at::Tensor present;              // [B, 1, 1] or undefined
  std::int64_t first = 0;          // the step at which the notes begin
  std::int64_t steps = -1;         // the step before which they end; -1: no notes, no end
  std::int64_t batch = 0;
};

class PriorImpl : public torch::nn::Module {
 public:
  // codes [B, T] int64, body [B, H] or [B, T, H] -> logits [B, T, K].
  // logits[:, t] depend on codes[:, s] with s < t only, and in a transformer t - context <= s.
  at::Tensor forward(const at::Tensor& codes, const at::Tensor& body,
                     const ContentInput& content = {});

  // The same one code at a time, without gradients: start, then step after step.
  // `previous` [B] int64 is the code sampled last, undefined at the first step; body [B, H]. Later
  // steps can be recorded (device_graph.hpp). That the notes last is checked on the CPU only:
  // elsewhere the check would wait for the device.
  PriorCache start(std::int64_t batch, const ContentInput& content = {});
  at::Tensor step(PriorCache& cache, const at::Tensor& previous, const at::Tensor& body);  // [B, K]

  // Copies the VQ-VAE's codes [K, D] into the code embeddings.
  void initialise_embedding(const at::Tensor& codes);
  void initialise(at::Generator generator);

  const config::TrainConfig config;  // vqvae, body, prior and content matter here

 protected:
  explicit PriorImpl(const config::TrainConfig& config);
  // To be called by each kind after registering its own modules: parameters are listed in the order
  // of the data flow.
  void register_output();

  bool crosses() const;  // content by cross-attention
  bool adds() const;     // content added to the input
  std::int64_t head_width() const { return config.prior_width() / config.prior.heads; }

  // The network between input and output: x [B, T, W] -> [B, T, W].
  virtual at::Tensor run(at::Tensor x, const RotaryTable& rotary, const CrossInput& content) = 0;
  // Prepares what `advance` needs of the notes; `rotary` holds their positions.
  virtual void begin(PriorCache& cache, const at::Tensor& memory, const RotaryTable& rotary) = 0;
  // x [B, 1, W] of the step at `place` -> [B, 1, W].
  virtual at::Tensor advance(PriorCache& cache, at::Tensor x, const StepPlace& place) = 0;
  virtual void initialise_network(at::Generator generator) = 0;

 private:
  void check_content(const ContentInput& content, std::int64_t batch, std::int64_t steps) const;
  at::Tensor logits(const at::Tensor& x);  // [..., W] -> [..., K]

  torch::nn::Embedding embedding_{nullptr};  // [K, D]
  at::Tensor start_;                         // [D]: stands for the code before the first
  torch::nn::LayerNorm norm_out_{nullptr};
  torch::nn::Linear head_{nullptr};     // [K, W]; linear head
  torch::nn::Linear to_code_{nullptr};  // [D, W]; tied head
  at::Tensor head_bias_;                // [K]; tied head
  RotaryMemory rotary_;
};
TORCH_MODULE(Prior);

// The prior that prior.kind names.
Prior make_prior(const config::TrainConfig& config);

}  // namespace minet::models
