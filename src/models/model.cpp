// Construction of a model, and its tensors by name.
#include "minet/models/model.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <vector>

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

// Both are of the same kind and shape. A GPU is waited for once.
void copy_parameters(const torch::nn::Module& from, torch::nn::Module& to) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> values;
  std::vector<std::int64_t> counts;
  for (const at::Tensor& value : from.parameters()) {
    values.push_back(value.flatten());
    counts.push_back(value.numel());
  }
  const std::vector<at::Tensor> parts = at::cat(values).cpu().split_with_sizes(counts);
  std::size_t i = 0;
  for (at::Tensor& value : to.parameters()) value.copy_(parts[i++].view_as(value));
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

Model sampler_on_cpu(const Model& model) {
  const DefaultGeneratorGuard guard;
  Model here;
  here.config = model.config;
  here.scale = model.scale;
  here.prior = make_prior(model.config);
  copy_parameters(*model.prior, *here.prior);
  here.prior->eval();
  if (model.content.is_empty()) return here;
  here.content = make_content(model.config);
  copy_parameters(*model.content, *here.content);
  here.content->eval();
  return here;
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
