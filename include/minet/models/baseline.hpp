// The paper's two baselines (section 4), which go from keypoints to standardised log-spectrogram
// frames without codes: a GRU Seq2Seq, and a graph network (ST-GCN, arXiv 1801.07455) with a
// transformer decoder. Both predict a frame from the frames before it; a model file records which
// of the two it is. The networks are described in docs/networks.md. Left out: a distribution over
// frames, so there is nothing to sample, and a given clip always sounds the same.
// Letters: B batch, P pose frames, F bins, T frames.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "minet/audio/spectrogram.hpp"
#include "minet/config/train_config.hpp"
#include "minet/models/safetensors.hpp"

namespace minet::models {

class BaselineImpl : public torch::nn::Module {
 public:
  explicit BaselineImpl(const config::TrainConfig& given) : config(given) {}

  // Teacher-forced: pose [B, P, 94], target [B, F, T] -> [B, F, T]; frame t sees target[:, :, < t].
  virtual at::Tensor forward(const at::Tensor& pose, const at::Tensor& target) = 0;

  // Autoregressive generation with a cache: [B, F, frames], equal to forward in eval mode fed with
  // its own output. Without gradients and as in eval mode, whatever mode the module is in.
  at::Tensor generate(const at::Tensor& pose, std::int64_t frames);
  // The features for 1-NN, [B, H']: the encoder's last states (seq2seq, H' = 2 hidden), or the mean
  // over time and joints of the last graph layer (graph_transformer, H' = its channels). Also
  // without gradients and as in eval mode.
  at::Tensor feature(const at::Tensor& pose);

  virtual void initialise(at::Generator generator) = 0;

  const config::TrainConfig config;

 protected:
  virtual at::Tensor generate_frames(const at::Tensor& pose, std::int64_t frames) = 0;
  virtual at::Tensor pose_feature(const at::Tensor& pose) = 0;
  void check_pose(const at::Tensor& pose) const;
  void check_target(const at::Tensor& pose, const at::Tensor& target) const;
};
TORCH_MODULE(Baseline);

// Copies share the network, as LibTorch's module holders do.
struct BaselineModel {
  config::TrainConfig config;
  audio::SpectrogramScale scale;
  Baseline net{nullptr};
};

// The network that config.model.kind names; InputError if that is not a baseline. Weights are a
// pure function of (config, seed); torch's global generator is neither read nor advanced.
BaselineModel make_baseline(const config::TrainConfig& config, std::uint64_t seed);

// Every tensor of the file, "baseline.*": parameters, and the running statistics of the batch
// normalisations. They alias the model's.
std::map<std::string, at::Tensor> baseline_tensors(const BaselineModel& model);
TensorFile baseline_state(const BaselineModel& model);
// As load_model_state: strict, reports every mismatch at once and leaves the model unchanged then.
void load_baseline_state(BaselineModel& model, const TensorFile& file, const std::string& where);

// `path` as in load_model. On the CPU, in eval mode. A minet model is an InputError.
BaselineModel load_baseline(const std::filesystem::path& path);

// Loss of predicted frames [B, F, T], as set by config.model.frame_loss.
at::Tensor frame_loss(const config::TrainConfig& config, const at::Tensor& predicted,
                      const at::Tensor& target);

}  // namespace minet::models
