// Stage 2: body encoder, prior and content transformer, jointly (paper sections 3.2 and 3.3).
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <optional>

#include "minet/clips/code_cache.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/generation/render.hpp"
#include "minet/generation/sampling.hpp"
#include "minet/training/augment.hpp"
#include "training/session.hpp"
#include "training/validation.hpp"

namespace minet::training {
namespace {

// 1 for each clip of a track with notes.
at::Tensor presence(const clips::TrackStore& store, const std::vector<clips::Clip>& clips) {
  at::Tensor present = at::zeros({static_cast<std::int64_t>(clips.size())}, at::kFloat);
  for (std::size_t i = 0; i < clips.size(); ++i) {
    if (store.tracks()[static_cast<std::size_t>(clips[i].track)].has_notes) {
      present.mutable_data_ptr<float>()[i] = 1;
    }
  }
  return present;
}

models::PriorBatch make_batch(const Session& session, const clips::TrackStore& store,
                              const clips::CodeCache& codes,
                              const std::vector<clips::Clip>& clips) {
  models::PriorBatch batch;
  batch.codes = codes.clips(clips, session.config.clip_frames());
  batch.pose = store.poses(clips);
  if (session.config.content.enabled) {
    batch.notes = store.notes(clips);
    batch.notes_present = presence(store, clips);
  }
  return batch;
}

template <class Place>
models::PriorBatch placed(const models::PriorBatch& batch, const at::Device& device,
                          const Place& place) {
  return {.codes = place(batch.codes, device),
          .pose = place(batch.pose, device),
          .notes = place(batch.notes, device),
          .notes_present = place(batch.notes_present, device)};
}

models::PriorBatch training_batch(const Session& session, const clips::CodeCache& codes,
                                  std::int64_t step) {
  const config::StageConfig& stage = session.config.prior_training;
  models::PriorBatch batch =
      make_batch(session, session.train_tracks, codes, session.batch(step, stage, "prior"));
  // Hides the notes of a share `content.drop` of the clips, by position: the same after a resume.
  if (batch.notes.defined()) {
    float* present = batch.notes_present.mutable_data_ptr<float>();
    const models::Part part = session.part(stage);
    for (std::int64_t i = 0; i < part.count; ++i) {
      Random random(derive_seed(session.config.run.seed, "drop notes",
                                static_cast<std::uint64_t>(step * part.total + part.first + i)));
      if (random.uniform() < session.config.content.drop) present[i] = 0;
    }
  }
  return placed(batch, session.device, clips::staged);
}

// Nats per code, averaged over the clips of the test split.
double test_nll(Session& session, models::Model& model, const clips::CodeCache& codes,
                const std::vector<clips::Clip>& clips, bool notes) {
  return mean_by_eights(clips, [&](const std::vector<clips::Clip>& some, bool) {
    models::PriorBatch batch = make_batch(session, session.test_tracks, codes, some);
    if (!notes) batch.notes = batch.notes_present = at::Tensor();
    batch = placed(batch, session.device, clips::moved);
    const at::Tensor logits = models::prior_logits(model, batch);
    return at::cross_entropy_loss(logits.flatten(0, 1), batch.codes.flatten()).item<double>();
  });
}

bool has_notes(const Session& session, const clips::Clip& clip) {
  return session.test_tracks.tracks()[static_cast<std::size_t>(clip.track)].has_notes;
}

// Generates music for the player of a clip, without notes and with them.
void listen(Session& session, models::Model& model, const clips::Clip& clip) {
  const std::int64_t frames = session.config.clip_frames();
  const at::Tensor pose = session.test_tracks.poses({clip}).to(session.device);
  const at::Tensor body =
      model.body->forward(pose).unsqueeze(1).expand({-1, frames, -1});  // [1, T, H]
  const auto play = [&](const char* name, const at::Tensor& notes) {
    log_music(session, name, [&] {
      const at::Tensor codes =
          generation::sample_codes(model, body, notes, {.seed = session.config.run.seed});
      return generation::render(model, codes[0], {.iterations = 16});
    });
  };
  play("music", {});
  if (session.config.content.enabled && model.notes_trained && has_notes(session, clip)) {
    play("music_with_notes", session.test_tracks.notes({clip}).to(session.device));
  }
}

void validate(Session& session, models::Model& model, const clips::CodeCache& codes) {
  const std::vector<clips::Clip> clips = test_clips(session);
  if (clips.empty()) return;
  at::NoGradGuard no_grad;
  model.eval();
  const double without = test_nll(session, model, codes, clips, false);
  std::vector<Metric> numbers{{"test_nll", without}};
  std::string line = text("step ", session.position.step, ": test NLL ", without, " nats per code");
  const bool with_notes = std::any_of(clips.begin(), clips.end(), [&](const clips::Clip& clip) {
    return has_notes(session, clip);
  });
  if (session.config.content.enabled && model.notes_trained && with_notes) {
    const double with = test_nll(session, model, codes, clips, true);
    numbers.emplace_back("test_nll_notes", with);
    line += text(", with notes ", with);
  }
  log_metrics(session, numbers);
  log::info(line);
  listen(session, model, clips.front());
}

// Each rank encodes some of the tracks and reads the codes of the others. Rank 0, which validates,
// encodes the test split.
clips::CodeCache training_codes(Session& session, models::Model& model) {
  const auto codes = [&](const std::optional<models::Part>& tracks) {
    return clips::CodeCache(model, session.train_tracks, session.run.codes(),
                            session.on_device ? &*session.on_device : nullptr, tracks);
  };
  if (session.ranks == nullptr) return codes(std::nullopt);
  const auto count = static_cast<std::int64_t>(session.train_tracks.tracks().size());
  session.ranks->first_goes_ahead([&] { codes(models::Part{}); });  // drops other models' codes
  if (count >= session.ranks->size()) codes(models::part_of(session.ranks, count));
  session.ranks->wait_for_all();
  return codes(std::nullopt);
}

struct PriorSteps {
  Session& session;
  TrainState& state;
  clips::CodeCache train_codes = training_codes(session, state.model);
  std::optional<clips::CodeCache> test_codes =
      session.is_first() ? std::optional<clips::CodeCache>(std::in_place, state.model,
                                                           session.test_tracks, session.run.codes())
                         : std::nullopt;

  clips::Prefetch<models::PriorBatch> batches{
      [&](std::int64_t step) { return training_batch(session, train_codes, step); },
      session.position.step, session.config.prior_training.steps,
      clips::batches_ahead(session.device)};

  PriorReport run(std::int64_t step) {
    models::PriorBatch batch = placed(batches.take(), session.device, clips::moved);
    const models::Part part = session.part(session.config.prior_training);
    batch.pose = augmented(batch.pose, session.config, step, part);
    return state.prior_step.run(batch, step);
  }
  AdamW& optimiser() { return state.prior_step.optimiser(); }
  void done(const PriorReport&) { state.model.prior_trained = true; }
  std::string log(const PriorReport& report) {
    return log_loss(session, session.config.prior_training, report);
  }
  void validate() { training::validate(session, state.model, *test_codes); }
};

}  // namespace

void train_prior(Session& session, TrainState& state) {
  const config::TrainConfig& config = session.config;
  const config::StageConfig& stage = config.prior_training;
  if (state.position.step >= stage.steps) return;
  PriorSteps steps{session, state};
  // A prior taken from another run keeps its embedding.
  if (state.position.step == 0 && !state.model.prior_trained &&
      config.prior.embedding == config::EmbeddingInit::codebook) {
    state.model.prior->initialise_embedding(state.model.vqvae->quantizer->codes);
  }
  train_steps(session, stage, "prior", "prior", steps);
}

}  // namespace minet::training
