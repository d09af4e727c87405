// Training steps on synthetic data with the real training code: forward, backward, clipping,
// optimiser, and in the first stage the codebook's averages. --steps of them for each line of
// standard input (worker.hpp); a GPU is waited for after the last. Weights and data are random, as
// they do not affect the time.
//
//   training_steps vqvae|prior CONFIG.yaml [--batch N] [--threads N] [--seed N] [--no-notes]
//   [--steps N] [--device DEVICE] [--set KEY=VALUE]...
#include <ATen/ATen.h>

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

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
  std::int64_t steps = 1;
  std::string device = "cpu";
  std::vector<std::string> settings;
};

Options parse(int argc, char** argv) {
  Options options;
  std::vector<std::string_view> places;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto value = [&] {
      if (++i == argc) throw std::invalid_argument("a value is missing after the last option");
      return std::string(argv[i]);
    };
    const auto number = [&] { return std::stoll(value()); };
    if (word == "--batch") {
      options.batch = number();
    } else if (word == "--threads") {
      options.threads = static_cast<int>(number());
    } else if (word == "--seed") {
      options.seed = static_cast<std::uint64_t>(number());
    } else if (word == "--no-notes") {
      options.notes = false;
    } else if (word == "--steps") {
      options.steps = number();
    } else if (word == "--device") {
      options.device = value();
    } else if (word == "--set") {
      options.settings.push_back(value());
    } else {
      places.push_back(word);
    }
  }
  if (places.size() != 2 || (places[0] != "vqvae" && places[0] != "prior")) {
    throw std::invalid_argument(
        "expected: training_steps vqvae|prior CONFIG.yaml [--batch N] [--threads N] [--seed N] "
        "[--no-notes] [--steps N] [--device DEVICE] [--set KEY=VALUE]...");
  }
  options.stage = places[0];
  options.config = places[1];
  return options;
}

// `step` returns a loss; the host reads the last one.
template <class Step>
int serve(const Options& options, const Step& step) {
  double loss = 0;
  const auto work = [&] {
    at::Tensor last;
    for (std::int64_t i = 0; i < options.steps; ++i) last = step();
    loss = last.item<double>();
  };
  work();  // warm
  return bench::serve(work, [&] { return bench::Json{{"loss", loss}}; });
}

int vqvae_steps(const Options& options, models::Model& model, config::Precision precision) {
  const config::TrainConfig& config = model.config;
  const at::Device device = model.device();
  const std::int64_t batch = options.batch > 0 ? options.batch : config.vqvae_training.batch;
  training::VqVaeStep stage(model, config, precision);
  const at::Tensor spectrogram =  // [B, F, T]
      at::randn({batch, config.spectrogram.bins, config.clip_frames()}).to(device);
  // Past the plain steps, with an initialised codebook.
  std::int64_t step = config.vqvae.plain_steps;
  {
    const at::NoGradGuard no_grad;
    const at::Tensor clips = at::randn({config.vqvae.codes / config.clip_frames() + 1,
                                        config.spectrogram.bins, config.clip_frames()})
                                 .to(device);
    stage.start_codebook(model.vqvae->encoder->forward(clips).transpose(1, 2).reshape(
        {-1, config.vqvae.code_width}));
  }
  return serve(options, [&] { return stage.run(spectrogram, step++).loss; });
}

int prior_steps(const Options& options, models::Model& model, config::Precision precision) {
  const config::TrainConfig& config = model.config;
  const at::Device device = model.device();
  const std::int64_t batch = options.batch > 0 ? options.batch : config.prior_training.batch;
  const std::int64_t steps = config.clip_frames();
  training::PriorStep stage(model, config, precision);
  models::PriorBatch data;
  data.codes = at::randint(0, config.vqvae.codes, {batch, steps}, at::kLong).to(device);
  data.pose = at::randn({batch, config.clip_pose_frames(), 94}).to(device);
  if (config.content.enabled) {
    data.notes = at::randint(0, 129, {batch, steps}, at::kLong).to(device);
    data.notes_present = at::ones({batch}).to(device);
  }
  std::int64_t step = 0;
  return serve(options, [&] { return stage.run(data, step++).loss; });
}

}  // namespace

int main(int argc, char** argv) try {
  const Options options = parse(argc, argv);
  config::TrainConfig config = config::load_train_config(options.config, options.settings);
  if (!options.notes) config.content.enabled = false;
  models::use_threads(options.threads);
  training::keep_freed_memory();
  const at::Device device = models::select_device(options.device);
  at::manual_seed(options.seed);  // which asks for a GPU: not before its library is loaded
  if (config.run.deterministic && !device.is_cpu()) models::use_deterministic_operators();
  const config::Precision precision = models::use_precision(config.run.precision, device);
  models::Model model = models::make_model(config, options.seed);
  model.to(device);
  return options.stage == "vqvae" ? vqvae_steps(options, model, precision)
                                  : prior_steps(options, model, precision);
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return EXIT_FAILURE;
}
