#include "minet/training/train.hpp"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/models/device.hpp"
#include "training/session.hpp"

namespace minet::training {
namespace {

void write_run_json(const RunFolder& run, const TrainOptions& options,
                    const RunEnvironment& environment) {
  nlohmann::ordered_json json;
  json["argv"] = options.argv;
  json["seed"] = options.config.run.seed;
  json["version"] = version();
  json["torch"] = environment.torch;
  json["threads"] = environment.threads;
  json["device"] = environment.device;
  json["capability"] = environment.capability;
  json["corpus"] = options.corpus.string();
  json["corpus_hash"] = environment.corpus_hash;
  json["started"] = static_cast<std::int64_t>(std::time(nullptr));  // Unix time, s
  // Arguments may be no UTF-8: such bytes are replaced.
  save_file(run.run_json(),
            json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

// Closes the log file on every way out.
struct LogFile {
  explicit LogFile(const std::filesystem::path& path) { log::open_file(path); }
  ~LogFile() { log::close_file(); }
};

}  // namespace

void train(const TrainOptions& options) {
  const config::TrainConfig& config = options.config;
  const corpus::Corpus corpus = corpus::Corpus::open(options.corpus);
  models::use_threads(options.threads);
  const at::Device device = models::select_device(options.device);
  const RunEnvironment environment{.threads = at::get_num_threads(),
                                   .device = device.str(),
                                   .capability = at::get_cpu_capability(),
                                   .torch = TORCH_VERSION,
                                   .corpus_hash = corpus.hash()};

  const TrackStore train_tracks(corpus, "train", config);
  const TrackStore test_tracks(corpus, "test", config);
  if (train_tracks.tracks().empty()) {
    throw InputError(text(options.corpus.string(),
                          ": expected tracks in split 'train', got none; prepare it again"));
  }
  // All that can be refused is refused before the run folder is made.
  RunFolder::check(options.run, options.resume);
  if (options.stage == Stage::prior && !(options.resume && std::filesystem::exists(options.run))) {
    throw InputError(
        text(options.run.string(),
             ": expected a run with a trained VQ-VAE for --stage prior, got none; train "
             "it first with --stage vqvae, then go on with --stage prior --resume"));
  }
  const ClipOrder order(train_tracks.energies(), config.clip_frames(), config.data.silence_db,
                        derive_seed(config.run.seed, "clips"));
  RunFolder run(options.run, options.resume);
  const LogFile log_file(run.log());
  models::Model model = models::make_model(config, config.run.seed);
  model.to(device);
  VqVaeStep vqvae_step(model, config);
  PriorStep prior_step(model, config);
  TrainState state{.model = model, .vqvae_step = vqvae_step, .prior_step = prior_step};

  const bool going_on = options.resume && run.has_checkpoint();
  if (going_on) {
    load_checkpoint(run, state, environment);
    truncate_metrics(run.metrics(), state.stage, state.step);
    models::save_safetensors(run.model(),
                             models::model_state(model));  // a kill may have left it behind
    log::info(text("going on at step ", state.step, " of stage ", to_string(state.stage)));
  } else {
    write_run_json(run, options, environment);
    truncate_metrics(run.metrics(), Stage::vqvae, -1);
  }

  save_file(run.config(), config::to_yaml(config));
  if (!going_on) model.scale = train_tracks.estimate_scale();
  if (test_tracks.tracks().empty())
    log::warning("no track in split 'test': nothing will be validated");

  MetricsLog metrics(run.metrics());
  // The curves go on after the restored step: what lies past it is dropped.
  const std::int64_t done =
      state.step + (state.stage == Stage::prior ? config.vqvae_training.steps : 0);
  EventWriter events(run.tensorboard(), going_on ? done + 1 : 0);
  Session session{config,      run,   model,  state,   environment, train_tracks,
                  test_tracks, order, device, metrics, events};
  log::info(text(train_tracks.tracks().size(), " training tracks, ", order.clips_per_epoch(),
                 " clips an epoch, ", test_tracks.tracks().size(), " test tracks; ",
                 environment.threads, " threads on ", environment.device));

  if (state.stage == Stage::vqvae) {
    if (options.stage == Stage::prior && state.step < config.vqvae_training.steps) {
      throw InputError(text(options.run.string(),
                            ": expected a finished VQ-VAE for --stage prior, but it is at step ",
                            state.step, " of ", config.vqvae_training.steps,
                            "; go on with --resume first"));
    }
    train_vqvae(session);
    if (options.stage == Stage::vqvae) return;
    state.stage = Stage::prior;
    state.step = 0;
  } else if (options.stage == Stage::vqvae) {
    log::info("the VQ-VAE of this run is trained already");
    return;
  }
  train_prior(session);
}

}  // namespace minet::training
