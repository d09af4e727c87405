// Models in files: their metadata, strict loading, finding the file.
#include <ATen/ATen.h>

#include <cmath>
#include <filesystem>
#include <vector>

#include "minet/config/config.hpp"
#include "minet/core/version.hpp"
#include "minet/models/model.hpp"
#include "models/build.hpp"
#include "models/checks.hpp"

namespace minet::models {
namespace {

using Metadata = std::map<std::string, std::string>;

constexpr const char* kFormat = "minet";
constexpr const char* kFormatVersion = "1";
constexpr const char* kModelFile = "model.safetensors";
constexpr std::size_t kListed = 40;  // mismatches in one message

const std::string& get(const Metadata& metadata, const std::string& key, const std::string& where) {
  const auto found = metadata.find(key);
  require(found != metadata.end(), where, ": expected the metadata of a minet model, but '", key,
          "' is missing; give a model.safetensors that mi_train wrote");
  return found->second;
}

double get_number(const Metadata& metadata, const std::string& key, const std::string& where) {
  const std::string& value = get(metadata, key, where);
  const std::optional<double> number = parse_double(value);
  require(number && std::isfinite(*number), where, ": metadata '", key,
          "' should be a number, got '", printable(value), "'");
  return *number;
}

bool get_flag(const Metadata& metadata, const std::string& key, const std::string& where) {
  const std::string& value = get(metadata, key, where);
  require(value == "true" || value == "false", where, ": metadata '", key,
          "' should be true or false, got '", printable(value), "'");
  return value == "true";
}

audio::SpectrogramScale read_scale(const Metadata& metadata, const std::string& where) {
  const std::string& word = get(metadata, "scale_kind", where);
  const auto kind = config::from_string<config::LogScale>(word);
  require(kind.has_value(), where, ": metadata 'scale_kind' should be decibel or log1p, got '",
          printable(word), "'");
  const audio::SpectrogramScale scale{.kind = *kind,
                                      .reference = get_number(metadata, "scale_reference", where),
                                      .floor_db = get_number(metadata, "scale_floor_db", where),
                                      .mean = get_number(metadata, "scale_mean", where),
                                      .deviation = get_number(metadata, "scale_deviation", where)};
  require(scale.reference > 0 && scale.deviation > 0, where,
          ": expected a scale with a positive reference and deviation, got ", scale.reference,
          " and ", scale.deviation);
  return scale;
}

void check_format(const Metadata& metadata, const std::string& where) {
  const std::string& format = get(metadata, "format", where);
  require(format == kFormat, where, ": expected a minet model, got format '", printable(format),
          "'; give a model.safetensors that mi_train wrote");
  const std::string& version = get(metadata, "format_version", where);
  require(version == kFormatVersion, where, ": expected model format version ", kFormatVersion,
          ", got '", printable(version), "'; load it with the minet that wrote it");
}

bool is_ours(const std::string& name) {
  for (const char* prefix : {"vqvae.", "body.", "prior.", "content."}) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

// What only training keeps; a training checkpoint has it under these names.
std::map<std::string, at::Tensor> training_tensors(const Model& model) {
  return {{"vqvae.quantizer.counts", model.vqvae->quantizer->counts},
          {"vqvae.quantizer.sums", model.vqvae->quantizer->sums},
          {"vqvae.quantizer.started", model.vqvae->quantizer->started}};
}

void compare(const std::string& name, const at::Tensor& expected, const at::Tensor& got,
             std::vector<std::string>& problems) {
  if (expected.sizes() != got.sizes()) {
    problems.push_back(text(name, " should be ", expected.sizes(), " and is ", got.sizes()));
  }
  if (expected.scalar_type() != got.scalar_type()) {
    problems.push_back(
        text(name, " should be ", expected.scalar_type(), " and is ", got.scalar_type()));
  }
}

std::string listing(std::vector<std::string> problems) {
  const std::size_t count = problems.size();
  if (count > kListed) {
    problems.resize(kListed);
    problems.push_back(text("and ", count - kListed, " more"));
  }
  return join(problems, "; ");
}

}  // namespace

TensorFile model_state(const Model& model) {
  TensorFile file;
  file.tensors = model_tensors(model);
  for (auto& [name, tensor] : file.tensors) tensor = tensor.detach();
  const auto& scale = model.scale;
  file.metadata = {{"format", kFormat},
                   {"format_version", kFormatVersion},
                   {"version", version()},
                   {"config", config::to_yaml(model.config)},
                   {"scale_kind", std::string(config::to_string(scale.kind))},
                   {"scale_reference", to_text(scale.reference)},
                   {"scale_floor_db", to_text(scale.floor_db)},
                   {"scale_mean", to_text(scale.mean)},
                   {"scale_deviation", to_text(scale.deviation)},
                   {"codebook_started", model.vqvae->quantizer->is_started() ? "true" : "false"},
                   {"prior_trained", model.prior_trained ? "true" : "false"}};
  return file;
}

void load_model_tensors(Model& model, const std::map<std::string, at::Tensor>& tensors,
                        const std::string& where) {
  const at::NoGradGuard no_grad;
  const std::map<std::string, at::Tensor> expected = model_tensors(model);
  const std::map<std::string, at::Tensor> optional = training_tensors(model);
  std::vector<std::string> problems;
  std::vector<std::pair<at::Tensor, at::Tensor>> copies;  // target, source
  for (const auto& [name, target] : expected) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      problems.push_back(text(name, " is missing"));
    } else {
      compare(name, target, found->second, problems);
      copies.emplace_back(target, found->second);
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (!is_ours(name) || expected.contains(name)) continue;
    if (const auto known = optional.find(name); known != optional.end()) {
      compare(name, known->second, tensor, problems);
      copies.emplace_back(known->second, tensor);
    } else {
      problems.push_back(text(printable(name), " is not part of this model"));
    }
  }
  require(problems.empty(), where, ": its weights do not fit the configuration, in ",
          problems.size(), problems.size() == 1 ? " place: " : " places: ", listing(problems),
          "; use the configuration that the weights were trained with");
  for (const auto& [target, source] : copies) target.copy_(source);
}

void load_model_state(Model& model, const TensorFile& file, const std::string& where) {
  check_format(file.metadata, where);
  const audio::SpectrogramScale scale = read_scale(file.metadata, where);
  const bool started = get_flag(file.metadata, "codebook_started", where);
  const bool trained = get_flag(file.metadata, "prior_trained", where);
  load_model_tensors(model, file.tensors, where);
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
          "; let mi_train save one, or give another folder");
  return file;
}

Model load_model(const std::filesystem::path& path) {
  const std::filesystem::path file = model_file(path);
  const std::string where = printable(file.string());
  const TensorHeader header = read_safetensors_header(file);
  check_format(header.metadata, where);
  const config::TrainConfig config =
      config::parse_train_config(get(header.metadata, "config", where), where + " (its config)");
  // Nothing is built that the file is far too small to fill.
  std::uint64_t stored = 0;  // bytes
  if (!header.entries.empty()) stored = header.entries.back().end;
  const std::int64_t expected = expected_parameter_counts(config).total();
  require(expected >= 0 && static_cast<std::uint64_t>(expected) <= stored / 2 + (1u << 20), where,
          ": its configuration asks for ", expected, " parameters, but it holds only ", stored / 4,
          "; use the configuration that the weights were trained with");
  Model model = build_model(config);
  load_model_state(model, read_safetensors(file), where);
  model.eval();
  return model;
}

}  // namespace minet::models
