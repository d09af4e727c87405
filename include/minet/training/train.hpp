// The whole of mi_train: corpus -> VQ-VAE -> codes -> body encoder and prior -> run folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "minet/config/train_config.hpp"
#include "minet/training/run_folder.hpp"

namespace minet::training {

struct TrainOptions {
  config::TrainConfig config;
  std::filesystem::path corpus;
  std::filesystem::path run;
  Stage stage = Stage::all;  // vqvae: stop after it; prior: the VQ-VAE must be done
  bool resume = false;
  std::string device = "auto";
  int threads = 0;                // 0: LibTorch's default
  std::vector<std::string> argv;  // for run.json
};

// InputError: corpus, run folder or configuration do not fit. WorkError: a loss or gradient that is
// not finite (names the step, the clips and the last good checkpoint). Interrupted: stopped by a
// signal after saving.
void train(const TrainOptions& options);

}  // namespace minet::training
