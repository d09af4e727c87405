// The stages in which each kind of network is trained.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "minet/config/train_config.hpp"

namespace minet::training {

// baseline: the only stage of the baselines; synthesiser and controls: those of plus.
enum class Stage { all, vqvae, prior, baseline, synthesiser, controls };
std::string to_string(Stage stage);
Stage parse_stage(const std::string& name);  // InputError

// Those of this kind of network, in order: one or two.
std::vector<Stage> stages_of(config::ModelKind kind);
// The stages before and after this one in the training of the same network; nullopt: there is none.
std::optional<Stage> stage_before(Stage stage);
std::optional<Stage> stage_after(Stage stage);

// Steps, batch, learning rate and so on of a stage other than `all`.
config::StageConfig& settings_of(config::TrainConfig& config, Stage stage);
const config::StageConfig& settings_of(const config::TrainConfig& config, Stage stage);

// Gives `found` the settings of `config` on which a network that was trained up to `stage` does not
// depend: those that no earlier step has read, and those of logging, caching and sampling. What
// differs afterwards makes it a different network.
void adopt_unread_settings(config::TrainConfig& found, const config::TrainConfig& config,
                           Stage stage);

}  // namespace minet::training
