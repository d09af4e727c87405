// What both baselines share, their construction and their files.
#include "minet/models/baseline.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <memory>

#include "minet/config/config.hpp"
#include "minet/core/random.hpp"
#include "minet/models/body_encoder.hpp"
#include "minet/models/model.hpp"
#include "models/checks.hpp"
#include "models/graph_transformer.hpp"
#include "models/initialise.hpp"
#include "models/metadata.hpp"
#include "models/seq2seq.hpp"

namespace minet::models {
namespace {

constexpr const char* kPrefix = "baseline.";

// Eval mode while it lives; then restores the mode that the module was in.
class EvalGuard {
 public:
  explicit EvalGuard(torch::nn::Module& module)
      : module_(module), was_training_(module.is_training()) {
    if (was_training_) module_.eval();
  }
  ~EvalGuard() {
    if (was_training_) module_.train();
  }
  EvalGuard(const EvalGuard&) = delete;
  EvalGuard& operator=(const EvalGuard&) = delete;

 private:
  torch::nn::Module& module_;
  const bool was_training_;
};

// Without initial weights.
BaselineModel build_baseline(const config::TrainConfig& config) {
  require(config.is_baseline(), "a baseline expected model.kind seq2seq or graph_transformer, got ",
          config::to_string(config.model.kind));
  const DefaultGeneratorGuard guard;
  BaselineModel model;
  model.config = config;
  std::shared_ptr<BaselineImpl> net;  // the holder takes a pointer to exactly the base
  if (config.model.kind == config::ModelKind::seq2seq) {
    net = std::make_shared<Seq2SeqImpl>(config);
  } else {
    net = std::make_shared<GraphTransformerImpl>(config);
  }
  model.net = Baseline(net);
  return model;
}

}  // namespace

void BaselineImpl::check_pose(const at::Tensor& pose) const {
  require(pose.dim() == 3 && pose.size(2) == kPoseValues && pose.size(0) >= 1 && pose.size(1) >= 1,
          "a baseline expected keypoints [B, P, ", kPoseValues, "], got ", pose.sizes());
}

void BaselineImpl::check_target(const at::Tensor& pose, const at::Tensor& target) const {
  check_pose(pose);
  require(target.dim() == 3 && target.size(0) == pose.size(0) &&
              target.size(1) == config.spectrogram.bins && target.size(2) >= 1,
          "a baseline expected frames [", pose.size(0), ", ", config.spectrogram.bins, ", T], got ",
          target.sizes());
}

at::Tensor BaselineImpl::generate(const at::Tensor& pose, std::int64_t frames) {
  check_pose(pose);
  require(frames >= 1, "a baseline expected at least 1 frame to generate, got ", frames);
  const at::NoGradGuard no_grad;
  const EvalGuard eval(*this);
  return generate_frames(pose, frames);
}

at::Tensor BaselineImpl::feature(const at::Tensor& pose) {
  check_pose(pose);
  const at::NoGradGuard no_grad;
  const EvalGuard eval(*this);
  return pose_feature(pose);
}

BaselineModel make_baseline(const config::TrainConfig& config, std::uint64_t seed) {
  BaselineModel model = build_baseline(config);
  model.net->initialise(make_cpu_generator(derive_seed(seed, "weights of the baseline")));
  return model;
}

std::map<std::string, at::Tensor> baseline_tensors(const BaselineModel& model) {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& item : model.net->named_parameters()) {
    tensors[kPrefix + item.key()] = item.value();
  }
  for (const auto& item : model.net->named_buffers()) tensors[kPrefix + item.key()] = item.value();
  return tensors;
}

TensorFile baseline_state(const BaselineModel& model) {
  TensorFile file;
  file.tensors = baseline_tensors(model);
  for (auto& [name, tensor] : file.tensors) tensor = tensor.detach();
  file.metadata = make_metadata(model.config, model.scale);
  return file;
}

void load_baseline_state(BaselineModel& model, const TensorFile& file, const std::string& where) {
  check_format(file.metadata, where);
  const audio::SpectrogramScale scale = read_scale(file.metadata, where);
  copy_strictly({.expected = baseline_tensors(model), .prefixes = {kPrefix}}, file.tensors, where);
  model.scale = scale;
}

BaselineModel load_baseline(const std::filesystem::path& path) {
  const std::filesystem::path file = model_file(path);
  const std::string where = printable(file.string());
  const TensorHeader header = read_safetensors_header(file);
  check_format(header.metadata, where);
  const config::TrainConfig config = read_config(header.metadata, file);
  require(config.is_baseline(), where,
          ": expected a baseline, got a minet model; give a run of model.kind seq2seq or "
          "graph_transformer");
  check_size(header, expected_parameter_counts(config).total(), where);
  BaselineModel model = build_baseline(config);
  load_baseline_state(model, read_safetensors(file), where);
  model.net->eval();
  return model;
}

at::Tensor frame_loss(const config::TrainConfig& config, const at::Tensor& predicted,
                      const at::Tensor& target) {
  return config.model.frame_loss == config::FrameLoss::l1 ? at::l1_loss(predicted, target)
                                                          : at::mse_loss(predicted, target);
}

}  // namespace minet::models
