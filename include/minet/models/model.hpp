// A whole model: the networks, the configuration that shaped them and the scale of their
// spectrograms; creating, saving and loading one.
//
// In a file: tensors vqvae.*, body.*, prior.*, content.* (the codebook without its training state)
// and metadata format = "minet", format_version, version, config (YAML), scale_*, codebook_started,
// prior_trained, notes_trained. The configuration in the file applies, not a config.yaml beside it,
// except for the sampling options (generation), which are chosen after training.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "minet/audio/spectrogram.hpp"
#include "minet/config/train_config.hpp"
#include "minet/models/body_encoder.hpp"
#include "minet/models/content_model.hpp"
#include "minet/models/prior.hpp"
#include "minet/models/safetensors.hpp"
#include "minet/models/vqvae.hpp"

namespace minet::models {

// Copies share the networks, as LibTorch's module holders do.
struct Model {
  config::TrainConfig config;
  audio::SpectrogramScale scale;
  VqVae vqvae{nullptr};
  BodyEncoder body{nullptr};
  Prior prior{nullptr};
  ContentModel content{nullptr};  // empty (is_empty()) if config.content.enabled is false
  bool prior_trained = false;     // false: only the VQ-VAE has been trained
  bool notes_trained = false;     // whether a training track had notes, if content is enabled

  void train(bool on = true);
  void eval() { train(false); }
  void to(const at::Device& device);
  at::Device device() const;
};

// Weights are a pure function of (config, seed); torch's global generator is neither read nor
// advanced.
Model make_model(const config::TrainConfig& config, std::uint64_t seed);

// Copies of prior and content model on the CPU, in eval mode; the other networks are empty.
Model sampler_on_cpu(const Model& model);

// Every tensor, by its name in the file. They alias the model's.
std::map<std::string, at::Tensor> model_tensors(const Model& model);

TensorFile model_state(const Model& model);
// Copies tensors, scale and flags into `model`. InputError lists every missing or unknown name and
// every wrong shape or dtype at once, and leaves the model unchanged; `where` names the file. Only
// names under vqvae., body., prior. and content. are considered, so a training checkpoint may hold
// more; the codebook's counts, sums and started are loaded if present.
void load_model_state(Model& model, const TensorFile& file, const std::string& where);
// The tensors alone, without metadata.
void load_model_tensors(Model& model, const std::map<std::string, at::Tensor>& tensors,
                        const std::string& where);

// `path`: a run folder, a folder with model.safetensors, or the file. On the CPU, in eval mode. A
// baseline is an InputError: load_baseline loads those.
Model load_model(const std::filesystem::path& path);
std::filesystem::path model_file(const std::filesystem::path& path);  // the file of such a path
// From the metadata alone: the kind, and how the model samples, which the config.yaml beside the
// weights decides if there is one.
config::ModelKind kind_of(const std::filesystem::path& path);
config::GenerationConfig generation_of(const std::filesystem::path& path);

// A minet model has all but the last two, a baseline has `baseline`, plus has body, synthesiser and
// prior (movement and controls).
struct ParameterCounts {
  std::int64_t vqvae = 0;     // including the codebook
  std::int64_t codebook = 0;  // K * D, part of vqvae
  std::int64_t body = 0;
  std::int64_t prior = 0;
  std::int64_t content = 0;
  std::int64_t baseline = 0;
  std::int64_t synthesiser = 0;
  std::int64_t total() const { return vqvae + body + prior + content + baseline + synthesiser; }
};
ParameterCounts parameter_counts(const Model& model);
std::int64_t parameter_count(const Model& model);
// From the configuration alone, without building anything.
ParameterCounts expected_parameter_counts(const config::TrainConfig& config);
// A table for people: part, number of parameters, megabytes as float32.
std::string parameter_table(const ParameterCounts& counts);

}  // namespace minet::models
