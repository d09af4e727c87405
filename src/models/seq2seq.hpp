// The GRU Seq2Seq baseline: a bidirectional encoder of keypoints; a decoder that starts from the
// encoder's last states and reads the previous frame and, as in Cho et al. 2014 (arXiv 1406.1078),
// the encoder's summary at every step.
#pragma once

#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/rnn.h>

#include "minet/models/baseline.hpp"

namespace minet::models {

class Seq2SeqImpl : public BaselineImpl {
 public:
  explicit Seq2SeqImpl(const config::TrainConfig& config);
  at::Tensor forward(const at::Tensor& pose, const at::Tensor& target) override;
  void initialise(at::Generator generator) override;

 protected:
  at::Tensor generate_frames(const at::Tensor& pose, std::int64_t frames) override;
  at::Tensor pose_feature(const at::Tensor& pose) override;

 private:
  at::Tensor encode(const at::Tensor& pose);  // [layers, B, 2 h]: the last is the summary

  torch::nn::GRU encoder_{nullptr};  // 94 -> h in each direction
  torch::nn::GRU decoder_{nullptr};  // F + 2 h -> 2 h
  at::Tensor start_;                 // [F]: stands for the frame before the first
  torch::nn::Linear head_{nullptr};  // [F, 2 h]
};

}  // namespace minet::models
