// Construction of a model, and its tensors by name.
#include "minet/models/model.hpp"

#include <ATen/ATen.h>

#include "minet/config/config.hpp"
#include "minet/core/random.hpp"
#include "models/build.hpp"
#include "models/checks.hpp"
#include "models/initialise.hpp"

namespace minet::models {
namespace {

void add_parameters(std::map<std::string, at::Tensor>& tensors, const std::string& prefix,
                    const torch::nn::Module& module) {
  for (const auto& item : module.named_parameters()) tensors[prefix + item.key()] = item.value();
}

at::Generator generator_of(std::uint64_t seed, std::string_view part) {
  return make_cpu_generator(derive_seed(seed, text("weights of the ", part)));
}

}  // namespace

Model build_model(const config::TrainConfig& config) {
  const DefaultGeneratorGuard guard;
  Model model;
  model.config = config;
  model.vqvae = VqVae(config.vqvae, config.spectrogram.bins);
  model.body = BodyEncoder(config.body);
  model.prior = make_prior(config);
  if (config.content.enabled) model.content = make_content(config);
  return model;
}

Model make_model(const config::TrainConfig& config, std::uint64_t seed) {
  Model model = build_model(config);
  // One generator per part: changing one part's shape leaves the other parts' weights as they were.
  model.vqvae->initialise(generator_of(seed, "vqvae"));
  model.body->initialise(generator_of(seed, "body"));
  model.prior->initialise(generator_of(seed, "prior"));
  if (!model.content.is_empty()) model.content->initialise(generator_of(seed, "content"));
  return model;
}

void Model::train(bool on) {
  vqvae->train(on);
  body->train(on);
  prior->train(on);
  if (!content.is_empty()) content->train(on);
}

void Model::to(const at::Device& device) {
  vqvae->to(device);
  body->to(device);
  prior->to(device);
  if (!content.is_empty()) content->to(device);
}

at::Device Model::device() const {
  return vqvae->quantizer->codes.device();
}

std::map<std::string, at::Tensor> model_tensors(const Model& model) {
  std::map<std::string, at::Tensor> tensors;
  add_parameters(tensors, "vqvae.", *model.vqvae);
  tensors["vqvae.quantizer.codes"] = model.vqvae->quantizer->codes;
  add_parameters(tensors, "body.", *model.body);
  add_parameters(tensors, "prior.", *model.prior);
  if (!model.content.is_empty()) add_parameters(tensors, "content.", *model.content);
  return tensors;
}

}  // namespace minet::models
