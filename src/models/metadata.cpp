// Metadata of model files, and strict copying of their tensors.
#include "models/metadata.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <optional>
#include <utility>

#include "minet/config/config.hpp"
#include "minet/core/log.hpp"
#include "minet/core/message.hpp"
#include "minet/core/version.hpp"
#include "minet/core/words.hpp"
#include "models/checks.hpp"

namespace minet::models {
namespace {

constexpr const char* kFormat = "minet";
constexpr const char* kFormatVersion = "1";
constexpr std::size_t kListed = 40;  // mismatches per message

double get_number(const Metadata& metadata, const std::string& key, const std::string& where) {
  const std::string& value = get_text(metadata, key, where);
  const std::optional<double> number = parse_double(value);
  require(number && std::isfinite(*number), where, ": metadata '", key,
          "' should be a number, got '", excerpt(value), "'");
  return *number;
}

void compare(const std::string& name, const at::Tensor& expected, const at::Tensor& got,
             std::vector<std::string>& problems) {
  if (expected.sizes() != got.sizes()) {
    problems.push_back(text(name, " should be ", expected.sizes(), " and is ", got.sizes()));
  }
  // A shared model may be in half precision; it is converted to float32.
  const bool half = expected.scalar_type() == at::kFloat &&
                    (got.scalar_type() == at::kHalf || got.scalar_type() == at::kBFloat16);
  if (expected.scalar_type() != got.scalar_type() && !half) {
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

const std::string& get_text(const Metadata& metadata, const std::string& key,
                            const std::string& where) {
  const auto found = metadata.find(key);
  require(found != metadata.end(), where, ": expected the metadata of a minet model, but '", key,
          "' is missing; give a model.safetensors that mi_train wrote");
  return found->second;
}

bool get_flag(const Metadata& metadata, const std::string& key, const std::string& where) {
  const std::string& value = get_text(metadata, key, where);
  require(value == "true" || value == "false", where, ": metadata '", key,
          "' should be true or false, got '", excerpt(value), "'");
  return value == "true";
}

bool learnt_notes(const Metadata& metadata, const std::string& where, bool before) {
  const std::string key = "notes_trained";
  return metadata.contains(key) ? get_flag(metadata, key, where) : before;
}

Metadata make_metadata(const config::TrainConfig& config, const audio::SpectrogramScale& scale) {
  return {{"format", kFormat},
          {"format_version", kFormatVersion},
          {"version", version()},
          {"config", config::to_yaml(config)},
          {"scale_kind", std::string(config::to_string(scale.kind))},
          {"scale_reference", to_text(scale.reference)},
          {"scale_floor_db", to_text(scale.floor_db)},
          {"scale_mean", to_text(scale.mean)},
          {"scale_deviation", to_text(scale.deviation)}};
}

void check_format(const Metadata& metadata, const std::string& where) {
  const std::string& format = get_text(metadata, "format", where);
  require(format == kFormat, where, ": expected a minet model, got format '", excerpt(format),
          "'; give a model.safetensors that mi_train wrote");
  const std::string& version = get_text(metadata, "format_version", where);
  require(version == kFormatVersion, where, ": expected model format version ", kFormatVersion,
          ", got '", excerpt(version), "'; load it with the minet that wrote it");
}

audio::SpectrogramScale read_scale(const Metadata& metadata, const std::string& where) {
  const std::string& word = get_text(metadata, "scale_kind", where);
  const auto kind = config::from_string<config::LogScale>(word);
  require(kind.has_value(), where, ": metadata 'scale_kind' should be decibel or log1p, got '",
          excerpt(word), "'");
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

namespace {

// The settings of a run's training may change later, as when it is resumed with more steps; those
// of its network may not.
void warn_of_differences(config::TrainConfig beside, const config::TrainConfig& model,
                         const std::filesystem::path& path) {
  beside.run = model.run;
  beside.data.audio_cache_mb = model.data.audio_cache_mb;
  beside.augment = model.augment;
  beside.vqvae_training = model.vqvae_training;
  beside.prior_training = model.prior_training;
  beside.baseline_training = model.baseline_training;
  beside.synthesiser_training = model.synthesiser_training;
  beside.controls_training = model.controls_training;
  const std::vector<std::string> changes = config::differences(beside, model);
  if (changes.empty()) return;
  log::warning(text(path.string(),
                    ": differs from the configuration in the model beside it, which counts: ",
                    listing(changes), "; only its generation: settings are used"));
}

}  // namespace

config::TrainConfig read_config(const Metadata& metadata, const std::filesystem::path& file,
                                Said said) {
  const std::string where = printable(file.string());
  config::TrainConfig config =
      config::parse_train_config(get_text(metadata, "config", where), where + " (its config)");
  const std::filesystem::path beside = file.parent_path() / "config.yaml";
  std::error_code error;
  if (std::filesystem::is_regular_file(beside, error)) {
    const config::TrainConfig other = [&] {
      try {
        return config::load_train_config(beside);
      } catch (const InputError& error) {
        throw InputError(text("the configuration beside the model ", where,
                              " (read for its generation: settings; move it away if it is another "
                              "program's): ",
                              error.what()));
      }
    }();
    config.generation = other.generation;
    if (said == Said::differences) warn_of_differences(other, config, beside);
  }
  return config;
}

void check_size(const TensorHeader& header, std::int64_t parameters, const std::string& where) {
  std::uint64_t stored = 0;  // bytes
  if (!header.entries.empty()) stored = header.entries.back().end;
  require(parameters >= 0 && static_cast<std::uint64_t>(parameters) <= stored / 2 + (1u << 20),
          where, ": its configuration asks for ", parameters, " parameters, but it holds only ",
          stored / 4, "; use the configuration that the weights were trained with");
}

void copy_strictly(const StrictCopy& copy, const Tensors& tensors, const std::string& where) {
  const at::NoGradGuard no_grad;
  const auto is_ours = [&](const std::string& name) {
    for (const std::string& prefix : copy.prefixes) {
      if (name.starts_with(prefix)) return true;
    }
    return false;
  };
  std::vector<std::string> problems;
  std::vector<std::pair<at::Tensor, at::Tensor>> copies;  // target, source
  for (const auto& [name, target] : copy.expected) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      problems.push_back(text(name, " is missing"));
    } else {
      compare(name, target, found->second, problems);
      copies.emplace_back(target, found->second);
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (!is_ours(name) || copy.expected.contains(name)) continue;
    if (const auto known = copy.optional.find(name); known != copy.optional.end()) {
      compare(name, known->second, tensor, problems);
      copies.emplace_back(known->second, tensor);
    } else {
      problems.push_back(text(excerpt(name), " is not part of this model"));
    }
  }
  require(problems.empty(), where, ": its weights do not fit the configuration, in ",
          counted(problems.size(), "place"), ": ", listing(problems),
          "; use the configuration that the weights were trained with");
  for (const auto& [target, source] : copies) target.copy_(source);
}

}  // namespace minet::models
