// Model files: metadata, strict loading, finding the file.
#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "minet/config/config.hpp"
#include "minet/core/access.hpp"
#include "minet/core/words.hpp"
#include "minet/models/model.hpp"
#include "models/build.hpp"
#include "models/checks.hpp"
#include "models/metadata.hpp"

namespace minet::models {
namespace {

constexpr const char* kModelFile = "model.safetensors";

// State that only training needs; training checkpoints store it under these names.
std::map<std::string, at::Tensor> training_tensors(const Model& model) {
  return {{"vqvae.quantizer.counts", model.vqvae->quantizer->counts},
          {"vqvae.quantizer.sums", model.vqvae->quantizer->sums},
          {"vqvae.quantizer.started", model.vqvae->quantizer->started}};
}

// For a folder that is not a model: those in it that are.
std::string advice_for(const std::filesystem::path& folder) {
  constexpr std::size_t kNamed = 5;
  std::vector<std::string> models;
  for (const std::filesystem::path& entry : entries_of(folder)) {
    std::error_code error;
    if (std::filesystem::exists(entry / kModelFile, error)) models.push_back(shown(entry));
  }
  if (models.empty()) return "let mi_train save one, or give another folder";
  return text("give one of the models in it: ", listed(std::move(models), kNamed));
}

}  // namespace

TensorFile model_state(const Model& model) {
  TensorFile file;
  file.tensors = model_tensors(model);
  for (auto& [name, tensor] : file.tensors) tensor = tensor.detach();
  file.metadata = make_metadata(model.config, model.scale);
  file.metadata["codebook_started"] = model.vqvae->quantizer->is_started() ? "true" : "false";
  file.metadata["notes_trained"] = model.notes_trained ? "true" : "false";
  file.metadata["prior_trained"] = model.prior_trained ? "true" : "false";
  return file;
}

void load_model_tensors(Model& model, const std::map<std::string, at::Tensor>& tensors,
                        const std::string& where) {
  copy_strictly({.expected = model_tensors(model),
                 .optional = training_tensors(model),
                 .prefixes = {"vqvae.", "body.", "prior.", "content."}},
                tensors, where);
}

void load_model_state(Model& model, const TensorFile& file, const std::string& where) {
  check_format(file.metadata, where);
  const audio::SpectrogramScale scale = read_scale(file.metadata, where);
  const bool started = get_flag(file.metadata, "codebook_started", where);
  const bool trained = get_flag(file.metadata, "prior_trained", where);
  const bool notes = learnt_notes(file.metadata, where, model.config.content.enabled);
  load_model_tensors(model, file.tensors, where);
  model.notes_trained = notes;
  model.scale = scale;
  model.prior_trained = trained;
  model.vqvae->quantizer->set_started(started);
}

std::filesystem::path model_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  require(std::filesystem::exists(status), printable(path.string()),
          ": no such model; give a run folder, a folder with ", kModelFile, ", or that file");
  if (!std::filesystem::is_directory(status)) return path;
  const std::filesystem::path file = path / kModelFile;
  require(std::filesystem::exists(file, error), printable(path.string()), ": has no ", kModelFile,
          "; ", advice_for(path));
  return file;
}

namespace {

config::TrainConfig config_of(const std::filesystem::path& path) {
  const std::filesystem::path file = model_file(path);
  const TensorHeader header = read_safetensors_header(file);
  check_format(header.metadata, printable(file.string()));
  return read_config(header.metadata, file, Said::nothing);
}

}  // namespace

config::ModelKind kind_of(const std::filesystem::path& path) {
  return config_of(path).model.kind;
}

config::GenerationConfig generation_of(const std::filesystem::path& path) {
  return config_of(path).generation;
}

Model load_model(const std::filesystem::path& path) {
  const std::filesystem::path file = model_file(path);
  const std::string where = printable(file.string());
  const TensorHeader header = read_safetensors_header(file);
  check_format(header.metadata, where);
  const config::TrainConfig config = read_config(header.metadata, file);
  require(config.model.kind == config::ModelKind::minet, where,
          ": expected a model of the paper's kind, got ",
          config.is_baseline() ? "the baseline " : "", config::to_string(config.model.kind),
          ", which has no codes; give a run of model.kind minet");
  check_size(header, expected_parameter_counts(config).total(), where);
  Model model = build_model(config);
  load_model_state(model, read_safetensors(file), where);
  model.eval();
  return model;
}

}  // namespace minet::models
