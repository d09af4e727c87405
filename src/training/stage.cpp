#include "minet/training/stage.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::training {
namespace {

using Section = config::StageConfig config::TrainConfig::*;

struct StageForm {
  Stage stage;
  const char* name;
  Section settings;
};

constexpr std::array<StageForm, 5> kForms{{
    {Stage::vqvae, "vqvae", &config::TrainConfig::vqvae_training},
    {Stage::prior, "prior", &config::TrainConfig::prior_training},
    {Stage::baseline, "baseline", &config::TrainConfig::baseline_training},
    {Stage::synthesiser, "synthesiser", &config::TrainConfig::synthesiser_training},
    {Stage::controls, "controls", &config::TrainConfig::controls_training},
}};

Section section_of(Stage stage) {
  for (const StageForm& form : kForms) {
    if (form.stage == stage) return form.settings;
  }
  throw std::logic_error("settings_of: expected a single stage, got all");
}

constexpr std::array<std::pair<Stage, Stage>, 2> kPairs{
    {{Stage::vqvae, Stage::prior}, {Stage::synthesiser, Stage::controls}}};

// What only the second stage of plus reads.
void adopt_controls_settings(config::PlusConfig& found, const config::PlusConfig& config) {
  found.motion_hidden = config.motion_hidden;
  found.motion_layers = config.motion_layers;
  found.prior_width = config.prior_width;
  found.prior_layers = config.prior_layers;
  found.mask = config.mask;
  found.notes_hidden = config.notes_hidden;
  found.live = config.live;
  found.whole_track = config.whole_track;
}

}  // namespace

std::string to_string(Stage stage) {
  for (const StageForm& form : kForms) {
    if (form.stage == stage) return form.name;
  }
  return "all";
}

Stage parse_stage(const std::string& name) {
  if (name == to_string(Stage::all)) return Stage::all;
  for (const StageForm& form : kForms) {
    if (name == form.name) return form.stage;
  }
  throw InputError(
      text("stage: expected all, vqvae, prior, baseline, synthesiser or controls, got '",
           printable(name), "'"));
}

std::vector<Stage> stages_of(config::ModelKind kind) {
  switch (kind) {
    case config::ModelKind::minet:
      return {Stage::vqvae, Stage::prior};
    case config::ModelKind::plus:
      return {Stage::synthesiser, Stage::controls};
    default:
      return {Stage::baseline};
  }
}

std::optional<Stage> stage_before(Stage stage) {
  for (const auto& [first, second] : kPairs) {
    if (stage == second) return first;
  }
  return std::nullopt;
}

std::optional<Stage> stage_after(Stage stage) {
  for (const auto& [first, second] : kPairs) {
    if (stage == first) return second;
  }
  return std::nullopt;
}

config::StageConfig& settings_of(config::TrainConfig& config, Stage stage) {
  return config.*section_of(stage);
}

const config::StageConfig& settings_of(const config::TrainConfig& config, Stage stage) {
  return config.*section_of(stage);
}

void adopt_unread_settings(config::TrainConfig& found, const config::TrainConfig& config,
                           Stage stage) {
  const std::uint64_t seed = found.run.seed;
  found.run = config.run;
  found.run.seed = seed;
  found.generation = config.generation;
  found.data.audio_cache_mb = config.data.audio_cache_mb;
  const bool minet = stage == Stage::vqvae || stage == Stage::prior;
  const bool plus = stage == Stage::synthesiser || stage == Stage::controls;
  if (!minet) {
    found.vqvae = config.vqvae;
    found.vqvae_training = config.vqvae_training;
  }
  if (stage != Stage::baseline) {
    found.seq2seq = config.seq2seq;
    found.graph_transformer = config.graph_transformer;
    found.baseline_training = config.baseline_training;
    found.model.frame_loss = config.model.frame_loss;
  }
  if (!plus) {
    found.plus = config.plus;
    found.synthesiser_training = config.synthesiser_training;
  }
  if (stage == Stage::synthesiser) adopt_controls_settings(found.plus, config.plus);
  if (stage != Stage::controls) found.controls_training = config.controls_training;
  if (stage == Stage::vqvae) found.augment = config.augment;  // this stage uses no poses
  if (stage != Stage::prior) {
    if (!plus) found.body = config.body;
    found.prior = config.prior;
    found.content = config.content;
    found.prior_training = config.prior_training;
  }
}

}  // namespace minet::training
