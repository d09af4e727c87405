#include "minet/training/train.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/core/words.hpp"
#include "minet/models/device.hpp"
#include "minet/models/precision.hpp"
#include "minet/training/memory.hpp"
#include "minet/training/ranks.hpp"
#include "training/run_json.hpp"
#include "training/session.hpp"

namespace minet::training {
namespace {

// As run.json has it, whatever the current folder.
std::string stored_path(const std::filesystem::path& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

void write_run_json(const RunFolder& run, const TrainOptions& options,
                    const RunEnvironment& environment) {
  nlohmann::ordered_json json;
  json["argv"] = options.argv;
  json["seed"] = options.config.run.seed;
  json["version"] = version();
  json["torch"] = environment.torch;
  json["threads"] = environment.threads;
  json["ranks"] = environment.ranks;
  json["device"] = environment.device;
  json["capability"] = environment.capability;
  json["corpus"] = stored_path(options.corpus);
  json["init_from"] = options.init_from.empty() ? std::string() : stored_path(options.init_from);
  json["freeze"] = options.freeze == Stage::all ? "" : to_string(options.freeze);
  json["corpus_hash"] = environment.corpus_hash;
  json["started"] = static_cast<std::int64_t>(std::time(nullptr));  // Unix time, s
  save_run_json(run.root(), json);
}

// A resumed run's corpus may have been moved.
void update_corpus(const RunFolder& run, const TrainOptions& options) {
  nlohmann::ordered_json json = read_run_json(run.root());
  const std::string corpus = stored_path(options.corpus);
  if (json.empty() || json.value("corpus", "") == corpus) return;
  json["corpus"] = corpus;
  save_run_json(run.root(), json);
}

// Closes the log file however the scope is left.
struct LogFile {
  explicit LogFile(const std::filesystem::path& path) { log::open_file(path); }
  ~LogFile() { log::close_file(); }
};

// The inputs and outputs of training that all kinds of networks share.
struct Material {
  const TrainOptions& options;
  const RunEnvironment& environment;
  const clips::TrackStore& train_tracks;
  const clips::TrackStore& test_tracks;
  const clips::ClipOrder& order;
  RunFolder& run;
  at::Device device;
  config::Precision precision;
};

models::TensorFile state_of(const models::Model& model) {
  return models::model_state(model);
}
models::TensorFile state_of(const models::PlusModel& model) {
  return models::plus_state(model);
}
models::TensorFile state_of(const models::BaselineModel& model) {
  return models::baseline_state(model);
}

void say_if_finished(const config::TrainConfig& config, const Position& position) {
  const std::int64_t steps = settings_of(config, position.stage).steps;
  if (stage_after(position.stage) || position.step < steps) return;
  const std::string name = to_string(position.stage);
  log::info(text("this run is finished: all ", steps, " steps of stage ", name,
                 " are done; for more, set ", name, "_training.steps higher"));
}

void say_if_graphs_have_no_effect(const Material& material) {
  if (!material.options.config.run.cuda_graphs) return;
  if (material.device.is_cpu()) log::warning("run.cuda_graphs has no effect on a CPU");
  if (material.options.ranks != nullptr) {
    log::warning("run.cuda_graphs has no effect with several processes");
  }
}

// Starts or resumes a run, then runs `stages`.
template <class State, class Stages>
void run_stages(const Material& material, State& state, const Stages& stages) {
  const TrainOptions& options = material.options;
  const config::TrainConfig& config = options.config;
  RunFolder& run = material.run;
  const bool going_on = options.resume && run.has_checkpoint();
  const bool first = options.ranks == nullptr || options.ranks->is_first();
  if (going_on) {
    load_checkpoint(run, state, material.environment);
    log::info(text("resuming at step ", state.position.step, " of stage ",
                   to_string(state.position.stage)));
  }
  if (options.ranks != nullptr) options.ranks->wait_for_all();  // all have read what now changes
  if (first) {
    truncate_metrics(run.metrics(), state.position.stage, going_on ? state.position.step : -1);
    if (going_on) {  // a kill may have left it outdated
      models::save_safetensors(run.model(), state_of(state.model));
    }
    save_file(run.config(), config::to_yaml(config));
  }
  // plus has no spectrograms.
  if (!going_on && options.init_from.empty() && !config.is_plus()) {
    state.model.scale = material.train_tracks.estimate_scale();
  }
  if (material.test_tracks.tracks().empty())
    log::warning("no track in split 'test': there will be no validation");

  Session session{config,
                  run,
                  state.position,
                  state.model.scale,
                  [&] { save_checkpoint(run, state, material.environment); },
                  options.ranks,
                  material.train_tracks,
                  material.test_tracks,
                  material.order,
                  material.device,
                  {},
                  {},
                  StageClock(state.position.step)};
  if (first) {
    session.metrics.emplace(run.metrics());
    // The curves continue after the restored step; anything after it is dropped.
    session.events.emplace(run.tensorboard(),
                           going_on ? curve_step(config, state.position) + 1 : 0);
  }
  log::info(text(counted(material.train_tracks.tracks().size(), "training track"), ", ",
                 counted(material.order.clips_per_epoch(), "clip"), " per epoch, ",
                 counted(material.test_tracks.tracks().size(), "test track"), "; ",
                 options.ranks != nullptr ? counted(material.environment.ranks, "rank") + ", " : "",
                 counted(material.environment.threads, "thread"), " on ",
                 material.environment.device, ", ", config::to_string(material.precision)));
  say_if_graphs_have_no_effect(material);
  if (going_on) say_if_finished(config, state.position);
  stages(session);
  if (options.ranks != nullptr) options.ranks->wait_for_all();  // rank 0 saves and hosts the store
}

// Whether this run now takes another run's weights, which happens only at its start.
bool starts_from_another(const Material& material) {
  const TrainOptions& options = material.options;
  return !options.init_from.empty() && !(options.resume && material.run.has_checkpoint());
}

// Whether the model learns to play notes in this run; prints a warning if no track has notes.
bool learns_notes(const Material& material) {
  const config::TrainConfig& config = material.options.config;
  if (!config.content.enabled && !config.is_plus()) return false;
  for (const corpus::Track& track : material.train_tracks.tracks()) {
    if (track.has_notes) return true;
  }
  log::warning("no training track has notes: the model will play from keypoints alone");
  return false;
}

// Takes over another run's weights if this one starts from it, and sets whether it learns notes.
template <class Model>
void prepare_model(const Material& material, Model& model, Position& position) {
  const TrainOptions& options = material.options;
  const Stage first = stages_of(options.config.model.kind).front();
  if (starts_from_another(material)) {
    log::info(start_from(model, options.init_from));
    if (options.freeze == first) position = {.stage = stage_after(first).value(), .step = 0};
  }
  model.notes_trained = model.notes_trained || learns_notes(material);
}

void run_minet(const Material& material) {
  const TrainOptions& options = material.options;
  const config::TrainConfig& config = options.config;
  models::Model model = models::make_model(config, config.run.seed);
  model.to(material.device);
  VqVaeStep vqvae_step(model, config, material.precision, options.ranks);
  PriorStep prior_step(model, config, material.precision, options.ranks);
  TrainState state{
      .model = model, .vqvae_step = vqvae_step, .prior_step = prior_step, .position = {}};
  prepare_model(material, model, state.position);
  run_stages(material, state, [&](Session& session) {
    Position& position = state.position;
    if (position.stage == Stage::vqvae) {
      if (options.stage == Stage::prior && position.step < config.vqvae_training.steps) {
        throw InputError(text(options.run.string(),
                              ": expected a finished VQ-VAE for stage prior, but it is at step ",
                              position.step, " of ", config.vqvae_training.steps,
                              "; resume the run without naming a stage"));
      }
      train_vqvae(session, state);
      if (options.stage == Stage::vqvae) return;
      position = {.stage = Stage::prior, .step = 0};
    } else if (options.stage == Stage::vqvae) {
      log::info("the VQ-VAE of this run is already trained");
      return;
    }
    train_prior(session, state);
  });
}

void run_baseline(const Material& material) {
  const config::TrainConfig& config = material.options.config;
  models::BaselineModel model = models::make_baseline(config, config.run.seed);
  model.net->to(material.device);
  BaselineStep baseline_step(model, config, material.precision, material.options.ranks);
  BaselineState state{.model = model, .baseline_step = baseline_step};
  run_stages(material, state, [&](Session& session) { train_baseline(session, state); });
}

void run_plus(const Material& material, const clips::PlusData& train_data,
              const clips::PlusData& test_data) {
  const TrainOptions& options = material.options;
  models::PlusModel model = models::make_plus(options.config, options.config.run.seed);
  model.to(material.device);
  SynthesiserStep synthesiser_step(model, options.config, options.ranks);
  ControlsStep controls_step(model, options.config, options.ranks);
  PlusState state{.model = model,
                  .synthesiser_step = synthesiser_step,
                  .controls_step = controls_step,
                  .train_data = train_data,
                  .test_data = test_data};
  prepare_model(material, model, state.position);
  run_stages(material, state, [&](Session& session) {
    Position& position = state.position;
    if (position.stage == Stage::synthesiser) {
      train_synthesiser(session, state);
      if (options.stage == Stage::synthesiser) return;
      position = {.stage = Stage::controls, .step = 0};
    } else if (options.stage == Stage::synthesiser) {
      log::info("the synthesiser of this run is already trained");
      return;
    }
    train_controls(session, state);
  });
}

// What can be requested.
std::vector<Stage> choices_of(const config::TrainConfig& config) {
  if (config.is_baseline()) return {Stage::all, Stage::baseline};
  if (config.is_plus()) return {Stage::all, Stage::synthesiser};
  return {Stage::all, Stage::vqvae, Stage::prior};
}

void check_stage(const TrainOptions& options) {
  const std::vector<Stage> stages = choices_of(options.config);
  if (std::find(stages.begin(), stages.end(), options.stage) == stages.end()) {
    std::vector<std::string> words;
    for (const Stage stage : stages) words.push_back(to_string(stage));
    throw InputError(text("stage: expected ", word_list(words), " for model.kind ",
                          config::to_string(options.config.model.kind), ", got ",
                          to_string(options.stage), "; leave it out"));
  }
}

// A rank's share of its machine's processors and GPUs.
int threads_of(const TrainOptions& options) {
  if (options.threads > 0 || options.ranks == nullptr) return options.threads;
  const RankPlace& place = options.ranks->place();
  return place.local_size > 1 ? std::max(1, at::get_num_threads() / place.local_size) : 0;
}

at::Device device_of(const TrainOptions& options) {
  const at::Device device = models::select_device(options.device);
  if (options.ranks == nullptr || device.is_cpu() || options.device.starts_with("cuda:")) {
    return device;
  }
  return models::select_device(text("cuda:", options.ranks->place().local_rank));
}

// LibTorch's process-wide switches, as the configuration wants them.
config::Precision set_up(const config::RunConfig& run, const at::Device& device) {
  if (run.deterministic && !device.is_cpu()) models::use_deterministic_operators();
  return models::use_precision(run.precision, device);
}

// Everything that can be rejected is rejected here, before its last step makes the run folder.
struct Beginning {
  const TrainOptions& options;
  corpus::Corpus corpus;
  at::Device device;
  config::Precision precision;
  RunEnvironment environment;
  clips::TrackStore train_tracks, test_tracks;
  std::optional<clips::ClipOrder> order;  // not for plus, which orders its own data
  std::optional<RunFolder> run;

  explicit Beginning(const TrainOptions& given);
  clips::ClipOrder order_of(std::vector<std::vector<float>> energies) const {
    const config::TrainConfig& config = options.config;
    return {std::move(energies), config.clip_frames(), config.data.silence_db,
            derive_seed(config.run.seed, "clips")};
  }
  Material material(const clips::ClipOrder& clip_order) {
    return {.options = options,
            .environment = environment,
            .train_tracks = train_tracks,
            .test_tracks = test_tracks,
            .order = clip_order,
            .run = *run,
            .device = device,
            .precision = precision};
  }
};

RunEnvironment environment_of(const TrainOptions& options, const at::Device& device,
                              const corpus::Corpus& corpus) {
  models::use_threads(threads_of(options));
  return {.threads = at::get_num_threads(),
          .ranks = options.ranks == nullptr ? 1 : options.ranks->size(),
          .device = models::description_of(device),
          .capability = at::get_cpu_capability(),
          .torch = TORCH_VERSION,
          .corpus_hash = corpus.hash()};
}

// InputError: a batch with fewer clips than there are ranks.
void check_batches(const TrainOptions& options) {
  for (const Stage stage : stages_of(options.config.model.kind)) {
    models::part_of(options.ranks, settings_of(options.config, stage).batch);
  }
}

Beginning::Beginning(const TrainOptions& given)
    : options(given),
      corpus(corpus::Corpus::open(given.corpus)),
      device(device_of(given)),
      precision(set_up(given.config.run, device)),
      environment(environment_of(given, device, corpus)),
      train_tracks(corpus, "train", given.config),
      test_tracks(corpus, "test", given.config) {
  const config::TrainConfig& config = options.config;
  check_stage(options);
  if (!options.resume) check_start(options);
  if (config.is_plus() && device.is_cpu() && precision != config::Precision::float32) {
    throw InputError(
        text("run.precision: expected automatic or float32 for model.kind plus on a "
             "CPU, got ",
             config::to_string(precision), "; leave it out"));
  }
  if (train_tracks.tracks().empty()) {
    throw InputError(text(options.corpus.string(),
                          ": expected tracks in split 'train', got none; prepare it again"));
  }
  check_batches(options);
  if (options.ranks != nullptr && !options.ranks->is_first()) {
    if (!config.is_plus()) order = order_of(train_tracks.energies());
    run = RunFolder::of_first(options.run);
    return;
  }
  RunFolder::check(options.run, options.resume);
  if (options.stage == Stage::prior && options.freeze != Stage::vqvae &&
      !(options.resume && std::filesystem::exists(options.run))) {
    throw InputError(text(options.run.string(),
                          ": expected a run with a trained VQ-VAE for stage prior, got none; train "
                          "all stages, or start from another run"));
  }
  if (!config.is_plus()) order = order_of(train_tracks.energies());
  run.emplace(options.run, options.resume);
  if (options.resume && run->has_checkpoint()) {
    update_corpus(*run, options);
  } else {
    write_run_json(*run, options, environment);
  }
}

void train_plus(Beginning& beginning) {
  const TrainOptions& options = beginning.options;
  const auto data_of = [&](std::string_view split) {
    const int threads = options.threads > 0 ? options.threads
                                            : static_cast<int>(std::thread::hardware_concurrency());
    const std::filesystem::path folder = beginning.run->controls();
    std::filesystem::create_directories(folder);
    const std::string name = text(split, ".safetensors");
    const std::filesystem::path cache = folder / name;
    // Reuse those of the run that this one starts from; PlusData checks that the corpus matches.
    if (std::error_code none; !options.init_from.empty() && !std::filesystem::exists(cache)) {
      std::filesystem::copy_file(options.init_from / "controls" / name, cache, none);
    }
    return clips::PlusData(beginning.corpus, split, options.config, cache, beginning.device,
                           threads);
  };
  // Rank 0 computes pitch and onsets; the others read them from the cache.
  std::optional<clips::PlusData> train_data, test_data;
  const auto read = [&] {
    train_data.emplace(data_of("train"));
    test_data.emplace(data_of("test"));
  };
  if (options.ranks == nullptr) {
    read();
  } else {
    options.ranks->first_goes_ahead(read);
  }
  const clips::ClipOrder order = beginning.order_of(train_data->energies());
  keep_freed_memory();  // not earlier: memory freed while reading tracks is to be returned
  run_plus(beginning.material(order), *train_data, *test_data);
}

}  // namespace

void train(const TrainOptions& options) {
  // Rank 0 rejects what can be rejected before the others check it.
  std::optional<Beginning> beginning;
  const auto begin = [&] { beginning.emplace(options); };
  if (options.ranks == nullptr) {
    begin();
  } else {
    options.ranks->first_goes_ahead(begin);
    options.ranks->use(beginning->device);
  }
  const std::unique_ptr<LogFile> log_file = options.ranks == nullptr || options.ranks->is_first()
                                                ? std::make_unique<LogFile>(beginning->run->log())
                                                : nullptr;
  if (options.config.is_plus()) {
    train_plus(*beginning);
  } else {
    keep_freed_memory();
    const Material material = beginning->material(*beginning->order);
    options.config.is_baseline() ? run_baseline(material) : run_minet(material);
  }
}

}  // namespace minet::training
