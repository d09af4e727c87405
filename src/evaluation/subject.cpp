#include "evaluation/subject.hpp"

#include <ATen/ATen.h>

#include <utility>

#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/generation/sampling.hpp"
#include "minet/models/baseline.hpp"
#include "minet/models/model.hpp"

namespace minet::evaluation {
namespace {

class MinetSubject : public Subject {
 public:
  explicit MinetSubject(models::Model model) : model_(std::move(model)) {}

  std::string kind() const override { return "minet"; }
  const config::TrainConfig& config() const override { return model_.config; }
  const audio::SpectrogramScale& scale() const override { return model_.scale; }
  bool takes_notes() const override { return model_.config.content.enabled; }

  at::Tensor features(const at::Tensor& poses) override {
    const at::NoGradGuard no_grad;
    return model_.body->forward(poses.to(model_.device())).to(at::kCPU);
  }

  at::Tensor spectrograms(const ClipInput& input) override {
    const at::NoGradGuard no_grad;
    const at::Tensor body = model_.body->forward(input.poses.to(model_.device()));  // [B, H]
    const at::Tensor steps =
        body.unsqueeze(1).expand({-1, model_.config.clip_frames(), -1}).contiguous();  // [B, T, H]
    const at::Tensor notes = input.notes.defined() ? input.notes.to(model_.device()) : input.notes;
    const at::Tensor codes = generation::sample_codes(
        model_, steps, notes, {.temperature = input.temperature, .seed = input.seed});  // [B, T]
    return model_.vqvae->decode(codes.to(model_.device())).to(at::kCPU);
  }

  at::Tensor reconstruction(const at::Tensor& spectrograms) override {
    const at::NoGradGuard no_grad;
    return model_.vqvae->decode(model_.vqvae->encode(spectrograms.to(model_.device())))
        .to(at::kCPU);
  }

  models::Model* model() override { return &model_; }

 private:
  models::Model model_;
};

// No codes, no notes and nothing to draw: a pose always sounds the same.
class BaselineSubject : public Subject {
 public:
  BaselineSubject(models::BaselineModel model, const at::Device& device)
      : model_(std::move(model)), device_(device) {}

  std::string kind() const override {
    return std::string(config::to_string(model_.config.model.kind));
  }
  const config::TrainConfig& config() const override { return model_.config; }
  const audio::SpectrogramScale& scale() const override { return model_.scale; }
  bool takes_notes() const override { return false; }
  at::Tensor features(const at::Tensor& poses) override {
    return model_.net->feature(poses.to(device_)).to(at::kCPU);
  }
  at::Tensor spectrograms(const ClipInput& input) override {
    return model_.net->generate(input.poses.to(device_), model_.config.clip_frames())
        .to(at::kCPU)
        .contiguous();
  }
  at::Tensor reconstruction(const at::Tensor&) override { return {}; }

 private:
  models::BaselineModel model_;
  at::Device device_;
};

void check_trained(const models::Model& model, const std::string& name, const std::string& metric,
                   Need need) {
  if (!model.vqvae->quantizer->is_started()) {
    throw InputError(text(name,
                          ": expected a model with a trained codebook, but its codebook has not "
                          "started; let its training go on past vqvae.plain_steps"));
  }
  if (need != Need::codes && !model.prior_trained) {
    throw InputError(text(name, ": expected a model with a trained prior for ", metric,
                          ", but only its VQ-VAE is; train its prior"));
  }
}

}  // namespace

std::unique_ptr<Subject> load_subject(const std::filesystem::path& path, const at::Device& device,
                                      const std::string& metric, Need need) {
  if (need == Need::sound && models::kind_of(path) != config::ModelKind::minet) {
    models::BaselineModel baseline = models::load_baseline(path);
    baseline.net->to(device);
    baseline.net->eval();
    return std::make_unique<BaselineSubject>(std::move(baseline), device);
  }
  models::Model model = models::load_model(path);
  check_trained(model, path.string(), metric, need);
  model.to(device);
  model.eval();
  return std::make_unique<MinetSubject>(std::move(model));
}

}  // namespace minet::evaluation
