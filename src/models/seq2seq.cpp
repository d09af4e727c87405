#include "models/seq2seq.hpp"

#include <ATen/ATen.h>

#include "minet/models/body_encoder.hpp"
#include "minet/models/device_graph.hpp"
#include "models/gru.hpp"
#include "models/initialise.hpp"

namespace minet::models {

Seq2SeqImpl::Seq2SeqImpl(const config::TrainConfig& given) : BaselineImpl(given) {
  const config::Seq2SeqConfig& c = config.seq2seq;
  const std::int64_t bins = config.spectrogram.bins, width = 2 * c.hidden;
  encoder_ = register_module("encoder", make_gru({.in = kPoseValues,
                                                  .hidden = c.hidden,
                                                  .layers = c.layers,
                                                  .both_ways = true,
                                                  .dropout = c.dropout}));
  decoder_ = register_module(
      "decoder",
      make_gru({.in = bins + width, .hidden = width, .layers = c.layers, .dropout = c.dropout}));
  start_ = register_parameter("start", at::zeros({bins}));
  head_ = register_module("head", torch::nn::Linear(torch::nn::LinearOptions(width, bins)));
}

at::Tensor Seq2SeqImpl::encode(const at::Tensor& pose) {
  return both_directions(std::get<1>(forward_through(encoder_, pose)));
}

at::Tensor Seq2SeqImpl::forward(const at::Tensor& pose, const at::Tensor& target) {
  check_target(pose, target);
  const std::int64_t batch = target.size(0), frames = target.size(2);
  const at::Tensor states = encode(pose);                                       // [layers, B, 2h]
  const at::Tensor summary = states[-1].unsqueeze(1).expand({-1, frames, -1});  // [B, T, 2h]
  const at::Tensor before =
      at::cat({start_.expand({batch, 1, -1}), target.narrow(2, 0, frames - 1).transpose(1, 2)}, 1);
  const at::Tensor decoded =
      std::get<0>(forward_through(decoder_, at::cat({before, summary}, 2), states));  // [B, T, 2h]
  return head_->forward(decoded).transpose(1, 2);                                     // [B, F, T]
}

at::Tensor Seq2SeqImpl::generate_frames(const at::Tensor& pose, std::int64_t frames) {
  at::Tensor states = encode(pose);                            // [layers, B, 2h]
  const at::Tensor summary = states[-1].unsqueeze(1).clone();  // [B, 1, 2h]
  at::Tensor frame = start_.expand({pose.size(0), 1, -1}).clone();
  at::Tensor all = at::empty({pose.size(0), frames, frame.size(2)}, frame.options());
  at::Tensor position = at::zeros({1}, frame.options().dtype(at::kLong));
  const auto step = [&] {
    const auto [decoded, next] = decoder_->forward(at::cat({frame, summary}, 2), states);
    states.copy_(next);
    frame.copy_(head_->forward(decoded));  // [B, 1, F]
    all.index_copy_(1, position, frame);
    position.add_(1);
  };
  repeat(pose.device(), frames, step);
  return all.transpose(1, 2);  // [B, F, T]
}

at::Tensor Seq2SeqImpl::pose_feature(const at::Tensor& pose) {
  return encode(pose)[-1];  // [B, 2h]
}

void Seq2SeqImpl::initialise(at::Generator generator) {
  draw_gru(encoder_, config.seq2seq.hidden, generator);
  draw_gru(decoder_, 2 * config.seq2seq.hidden, generator);
  draw_linear(head_, kTransformerDeviation, generator);
}

}  // namespace minet::models
