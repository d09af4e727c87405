// Training steps on synthetic data with the real training code: forward, backward, clipping,
// optimiser, and in the first stage the codebook's averages. One step for each line of standard
// input (worker.hpp). Weights and data are random, as they do not affect the time.
//
//   training_steps vqvae|prior CONFIG.yaml [--batch N] [--threads N] [--seed N] [--no-notes]
//   [--bf16]
#include <ATen/ATen.h>

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "minet/config/config.hpp"
#include "minet/models/device.hpp"
#include "minet/models/precision.hpp"
#include "minet/training/memory.hpp"
#include "minet/training/steps.hpp"
#include "worker.hpp"

namespace {

using namespace minet;

struct Options {
  std::string stage;
  std::string config;
  std::int64_t batch = 0;  // 0: the configuration's
  int threads = 1;
  std::uint64_t seed = 1;
  bool notes = true;
  config::Precision precision = config::Precision::float32;
};

Options parse(int argc, char** argv) {
  Options options;
  std::vector<std::string_view> places;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto number = [&] {
      if (++i == argc) throw std::invalid_argument("a number is missing after the last option");
      return std::stoll(argv[i]);
    };
    if (word == "--batch") {
      options.batch = number();
    } else if (word == "--threads") {
      options.threads = static_cast<int>(number());
    } else if (word == "--seed") {
      options.seed = static_cast<std::uint64_t>(number());
    } else if (word == "--no-notes") {
      options.notes = false;
    } else if (word == "--bf16") {
      options.precision = models::use_precision(config::Precision::bf16, at::kCPU);
    } else {
      places.push_back(word);
    }
  }
  if (places.size() != 2 || (places[0] != "vqvae" && places[0] != "prior")) {
    throw std::invalid_argument(
        "expected: training_steps vqvae|prior CONFIG.yaml [--batch N] "
        "[--threads N] [--seed N] [--no-notes] [--bf16]");
  }
  options.stage = places[0];
  options.config = places[1];
  return options;
}

bench::Json told(double loss) {
  return {{"loss", loss}};
}

int vqvae_steps(const Options& options, models::Model& model) {
  const config::TrainConfig& config = model.config;
  const std::int64_t batch = options.batch > 0 ? options.batch : config.vqvae_training.batch;
  training::VqVaeStep stage(model, config, options.precision);
  const at::Tensor spectrogram =  // [B, F, T]
      at::randn({batch, config.spectrogram.bins, config.clip_frames()});
  // Past the plain steps, with an initialised codebook.
  std::int64_t step = config.vqvae.plain_steps;
  {
    const at::NoGradGuard no_grad;
    const at::Tensor clips = at::randn({config.vqvae.codes / config.clip_frames() + 1,
                                        config.spectrogram.bins, config.clip_frames()});
    stage.start_codebook(model.vqvae->encoder->forward(clips).transpose(1, 2).reshape(
        {-1, config.vqvae.code_width}));
  }
  double loss = 0;
  const auto work = [&] { loss = stage.run(spectrogram, step++).loss.item<double>(); };
  work();  // warm
  return bench::serve(work, [&] { return told(loss); });
}

int prior_steps(const Options& options, models::Model& model) {
  const config::TrainConfig& config = model.config;
  const std::int64_t batch = options.batch > 0 ? options.batch : config.prior_training.batch;
  const std::int64_t steps = config.clip_frames();
  training::PriorStep stage(model, config, options.precision);
  models::PriorBatch data;
  data.codes = at::randint(0, config.vqvae.codes, {batch, steps}, at::kLong);
  data.pose = at::randn({batch, config.clip_pose_frames(), 94});
  if (config.content.enabled) {
    data.notes = at::randint(0, 129, {batch, steps}, at::kLong);
    data.notes_present = at::ones({batch});
  }
  std::int64_t step = 0;
  double loss = 0;
  const auto work = [&] { loss = stage.run(data, step++).loss.item<double>(); };
  work();  // warm
  return bench::serve(work, [&] { return told(loss); });
}

}  // namespace

int main(int argc, char** argv) try {
  const Options options = parse(argc, argv);
  config::TrainConfig config = config::load_train_config(options.config, {});
  if (!options.notes) config.content.enabled = false;
  models::use_threads(options.threads);
  training::keep_freed_memory();
  at::manual_seed(options.seed);
  models::Model model = models::make_model(config, options.seed);
  return options.stage == "vqvae" ? vqvae_steps(options, model) : prior_steps(options, model);
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return EXIT_FAILURE;
}
