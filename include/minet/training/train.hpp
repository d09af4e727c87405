// The whole of mi_train: corpus -> VQ-VAE -> codes -> body encoder and prior -> run folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "minet/config/train_config.hpp"
#include "minet/models/model.hpp"
#include "minet/models/plus.hpp"
#include "minet/training/run_folder.hpp"

namespace minet::training {

class Ranks;  // ranks.hpp

struct TrainOptions {
  config::TrainConfig config;
  std::filesystem::path corpus;
  std::filesystem::path run;
  Stage stage = Stage::all;  // vqvae: stop after it; prior: the VQ-VAE must be trained
  bool resume = false;
  // A new run may start with another run's weights: those of the first stage (vqvae, or plus's
  // synthesiser), and of the second if all of them fit.
  std::filesystem::path init_from = {};
  Stage freeze = Stage::all;  // with init_from: the first stage, to keep it fixed; all: none
  std::string device = "auto";
  int threads = 0;                // 0: LibTorch's default, shared by the ranks of this machine
  Ranks* ranks = nullptr;         // other processes that train the same run, in the same folder
  std::vector<std::string> argv;  // for run.json
};

// InputError if init_from and freeze do not match the configuration or each other.
void check_start(const TrainOptions& options);
// Copies another run's weights: for fine-tuning on one's own recordings, or several priors on one
// VQ-VAE. The weights of the first stage are copied with the scale; InputError if their shapes or
// the spectrograms differ. Those of the second stage are copied too if all of them fit.
// Returns a sentence that says what was copied.
std::string start_from(models::Model& model, const std::filesystem::path& run);
std::string start_from(models::PlusModel& model, const std::filesystem::path& run);

// InputError: corpus, run folder or configuration do not match. WorkError: a loss or gradient is
// not finite (names the step, the clips and the last good checkpoint). Interrupted: stopped by a
// signal after saving. All ranks call it with the same options.
void train(const TrainOptions& options);

}  // namespace minet::training
