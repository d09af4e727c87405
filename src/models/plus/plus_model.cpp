// Construction of a plus model, and its file.
#include <ATen/ATen.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/rnn.h>

#include <cmath>

#include "minet/config/config.hpp"
#include "minet/core/random.hpp"
#include "minet/models/model.hpp"
#include "minet/models/plus.hpp"
#include "models/checks.hpp"
#include "models/gru.hpp"
#include "models/initialise.hpp"
#include "models/metadata.hpp"

namespace minet::models {
namespace {

PlusModel build_plus(const config::TrainConfig& config) {
  require(config.is_plus(), "a plus model expected model.kind plus, got ",
          config::to_string(config.model.kind));
  const DefaultGeneratorGuard guard;
  PlusModel model;
  model.config = config;
  // Fixed, so that no corpus has to be read: the level of the loudest 16-bit sounds, and a spread.
  model.scale = {.kind = config.spectrogram.scale,
                 .reference = 100,
                 .floor_db = config.spectrogram.floor_db,
                 .mean = -50,
                 .deviation = 20};
  model.body = BodyEncoder(config.body);
  model.synthesiser = Synthesiser(config);
  model.match = Match(config);
  model.motion = Motion(config);
  model.prior = ControlPrior(config);
  return model;
}

// PyTorch's defaults for linear layers and GRUs; smaller embeddings, so that initially no symbol
// outweighs the movement.
void draw(torch::nn::Module& module, std::uint64_t seed, std::string_view part) {
  const at::Generator generator =
      make_cpu_generator(derive_seed(seed, text("weights of the ", part)));
  for (const auto& child : module.modules(/*include_self=*/false)) {
    if (auto* linear = child->as<torch::nn::Linear>()) {
      const double bound = 1 / std::sqrt(static_cast<double>(linear->options.in_features()));
      draw_uniform(linear->weight, bound, generator);
      draw_uniform(linear->bias, bound, generator);
    } else if (auto* embedding = child->as<torch::nn::Embedding>()) {
      draw_normal(embedding->weight, 0.3, generator);
    } else if (auto* gru = child->as<torch::nn::GRU>()) {
      const double bound = 1 / std::sqrt(static_cast<double>(gru->options_base.hidden_size()));
      for (const at::Tensor& weight : gru->parameters()) draw_uniform(weight, bound, generator);
    }
  }
}

void add(std::map<std::string, at::Tensor>& tensors, const std::string& prefix,
         const torch::nn::Module& module) {
  for (const auto& item : module.named_parameters()) tensors[prefix + item.key()] = item.value();
}

}  // namespace

PlusModel make_plus(const config::TrainConfig& config, std::uint64_t seed) {
  PlusModel model = build_plus(config);
  model.body->initialise(make_cpu_generator(derive_seed(seed, "weights of the body")));
  draw(*model.synthesiser, seed, "synthesiser");
  draw(*model.match, seed, "match");
  draw(*model.motion, seed, "motion");
  draw(*model.prior, seed, "controls");
  return model;
}

void PlusModel::train(bool on) {
  body->train(on);
  synthesiser->train(on);
  match->train(on);
  motion->train(on);
  prior->train(on);
}

void PlusModel::to(const at::Device& device) {
  body->to(device);
  synthesiser->to(device);
  match->to(device);
  motion->to(device);
  prior->to(device);
}

std::map<std::string, at::Tensor> plus_tensors(const PlusModel& model) {
  std::map<std::string, at::Tensor> tensors;
  add(tensors, "body.", *model.body);
  add(tensors, "synthesiser.", *model.synthesiser);
  add(tensors, "match.", *model.match);
  add(tensors, "motion.", *model.motion);
  add(tensors, "controls.", *model.prior);
  return tensors;
}

TensorFile plus_state(const PlusModel& model) {
  TensorFile file;
  file.tensors = plus_tensors(model);
  for (auto& [name, tensor] : file.tensors) tensor = tensor.detach();
  file.metadata = make_metadata(model.config, model.scale);
  file.metadata["notes_trained"] = model.notes_trained ? "true" : "false";
  file.metadata["prior_trained"] = model.prior_trained ? "true" : "false";
  return file;
}

void load_plus_state(PlusModel& model, const TensorFile& file, const std::string& where) {
  check_format(file.metadata, where);
  const audio::SpectrogramScale scale = read_scale(file.metadata, where);
  const bool trained = get_flag(file.metadata, "prior_trained", where);
  const bool notes = learnt_notes(file.metadata, where, true);
  std::map<std::string, at::Tensor> expected = plus_tensors(model), match;
  add(match, "match.", *model.match);
  for (const auto& [name, tensor] : match) expected.erase(name);
  copy_strictly({.expected = expected,
                 .optional = match,
                 .prefixes = {"body.", "synthesiser.", "match.", "motion.", "controls."}},
                file.tensors, where);
  model.scale = scale;
  model.prior_trained = trained;
  model.notes_trained = notes;
}

PlusModel load_plus(const std::filesystem::path& path) {
  const std::filesystem::path file = model_file(path);
  const std::string where = printable(file.string());
  const TensorHeader header = read_safetensors_header(file);
  check_format(header.metadata, where);
  const config::TrainConfig config = read_config(header.metadata, file);
  require(config.is_plus(), where, ": expected a model of model.kind plus, got ",
          config::to_string(config.model.kind), "; give a run of plus");
  check_size(header, expected_parameter_counts(config).total(), where);
  PlusModel model = build_plus(config);
  load_plus_state(model, read_safetensors(file), where);
  model.train(false);
  return model;
}

}  // namespace minet::models
