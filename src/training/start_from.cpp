// Initialises a new run's weights from those of another run.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/training/train.hpp"
#include "training/stage_tensors.hpp"

namespace minet::training {
namespace fs = std::filesystem;
namespace {

void check_source(const fs::path& run, const config::TrainConfig& config,
                  const config::TrainConfig& source) {
  config::TrainConfig same = config;
  same.spectrogram = source.spectrogram;
  const std::vector<std::string> changes = config::differences(config, same);
  if (!changes.empty()) {
    throw InputError(text(run.string(), ": expected a run with the same spectrograms to start ",
                          "from, got ", join(changes, "; "), "; use its configuration"));
  }
}

// Copies the first stage's weights, which must match, and the others if they all match and the run
// has a prior (`whole`). `said` describes what was copied.
struct Copied {
  bool whole;
  std::string said;
};
Copied copy_weights(const Tensors& into, const Tensors& from, IsFirst is_first, bool prior_trained,
                    const std::string& first_stage, const fs::path& run) {
  const std::string first = misfits(into, from, is_first, true);
  if (!first.empty()) {
    throw InputError(text(run.string(), ": expected a run with a ", first_stage,
                          " of this shape to start from, but ", first,
                          " differ; use its configuration"));
  }
  const std::string rest = misfits(into, from, is_first, false);
  const bool whole = rest.empty() && prior_trained;
  {
    const at::NoGradGuard no_grad;
    for (const auto& [name, tensor] : into) {
      if (is_first(name) || whole) at::Tensor(tensor).copy_(from.at(name));
    }
  }
  std::string what = "all weights";
  if (!whole) {
    what = text("the ", first_stage, "; ",
                prior_trained ? text("the rest starts from random weights, as ", rest, " differ")
                              : std::string("that run has no prior yet"));
  }
  return {whole, text("starts from ", run.string(), ": ", what)};
}

}  // namespace

void check_start(const TrainOptions& options) {
  const config::ModelKind kind = options.config.model.kind;
  if (options.init_from.empty()) {
    if (options.config.is_plus() && options.config.plus.keep_body) {
      throw InputError(
          "plus.keep_body: expected a run to start from as well, whose body encoder is kept, got "
          "none; give it with the option 'init_from'");
    }
    if (options.freeze == Stage::all) return;
    throw InputError(text("freeze: expected a run to start from as well, whose ",
                          to_string(options.freeze),
                          " is kept, got none; give it with the option 'init_from'"));
  }
  if (options.config.is_baseline()) {
    throw InputError(text("init_from: expected model.kind minet or plus, got ",
                          config::to_string(kind), ", which trains in one stage; leave it out"));
  }
  const Stage first = stages_of(kind).front();
  if (options.freeze != Stage::all && options.freeze != first) {
    throw InputError(text("freeze: expected ", to_string(first), ", the first stage of model.kind ",
                          config::to_string(kind), ", got ", to_string(options.freeze)));
  }
  if (options.freeze != Stage::all && options.stage == first) {
    throw InputError(text("stage: expected all or the second one where ", to_string(first),
                          " is kept, got ", to_string(first), "; leave it out"));
  }
  const config::ModelKind source = models::kind_of(options.init_from);
  if (source != kind) {
    throw InputError(text(options.init_from.string(), ": expected a run of model.kind ",
                          config::to_string(kind), " to start from, got one of ",
                          config::to_string(source), "; give another run or configuration"));
  }
  if (options.config.is_plus()) {
    models::PlusModel model = models::make_plus(options.config, options.config.run.seed);
    start_from(model, options.init_from);
  } else {
    models::Model model = models::make_model(options.config, options.config.run.seed);
    start_from(model, options.init_from);
  }
}

std::string start_from(models::Model& model, const fs::path& run) {
  const models::Model source = models::load_model(run);
  check_source(run, model.config, source.config);
  if (!source.vqvae->quantizer->is_started()) {
    throw InputError(text(run.string(), ": expected a trained VQ-VAE to start from, but its ",
                          "codebook has not started; train it further"));
  }
  const Copied copied = copy_weights(models::model_tensors(model), models::model_tensors(source),
                                     of_vqvae, source.prior_trained, "VQ-VAE", run);
  {
    const at::NoGradGuard no_grad;
    // Model files lack the codebook's running means: each code starts as if it had been chosen as
    // often as any other. With less, the first revival would replace codes that are in use.
    auto& quantizer = model.vqvae->quantizer;
    const config::TrainConfig& config = model.config;
    const auto tokens = static_cast<double>(config.vqvae_training.batch * config.clip_frames());
    quantizer->counts.fill_(tokens / static_cast<double>(config.vqvae.codes));
    quantizer->sums.copy_(quantizer->codes * quantizer->counts.unsqueeze(1));
    quantizer->set_started(true);
  }
  model.scale = source.scale;
  model.notes_trained = copied.whole && source.notes_trained;
  model.prior_trained = copied.whole;
  return copied.said;
}

std::string start_from(models::PlusModel& model, const fs::path& run) {
  const models::PlusModel source = models::load_plus(run);
  check_source(run, model.config, source.config);
  const Copied copied = copy_weights(models::plus_tensors(model), models::plus_tensors(source),
                                     of_synthesiser, source.prior_trained, "synthesiser", run);
  model.notes_trained = copied.whole && source.notes_trained;
  model.prior_trained = copied.whole;
  return copied.said;
}

}  // namespace minet::training
