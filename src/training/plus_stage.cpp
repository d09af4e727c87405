// The two stages of plus: body encoder and synthesiser on recorded sound, then movement encoder and
// prior on the played controls.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/generation/plus.hpp"
#include "minet/models/peers.hpp"
#include "minet/training/augment.hpp"
#include "training/session.hpp"
#include "training/validation.hpp"

namespace minet::training {
namespace {

// All randomness in a step follows from its number: nothing has to be saved to resume.
void seed_step(const config::TrainConfig& config, std::string_view stage, std::int64_t step) {
  at::manual_seed(derive_seed(config.run.seed, stage, static_cast<std::uint64_t>(step)));
}

// In a joint step: this rank's rows of what a single process would draw.
at::Tensor uniform(const at::Tensor& like /* [b, n], any type */,
                   const at::TensorOptions& options) {
  return models::own_rows(at::rand({models::joint_size(like.size(0)), like.size(1)}, options));
}

at::Tensor white_noise(const at::Tensor& like) {
  return uniform(like, like.options()) * 2 - 1;
}

// [B, T] bool, true for about `share` of the frames: single ones in half of the clips, in the other
// half spans of half a second, so that the prior cannot rely on its own past alone.
at::Tensor hidden_past(const models::ControlBatch& batch, double share) {
  constexpr std::int64_t kSpan = 16;
  const at::Tensor& frames = batch.tokens.pitch;
  const at::Tensor drawn = uniform(frames, batch.pose.options());
  const at::Tensor begins = (drawn < share / static_cast<double>(kSpan)).to(at::kFloat);
  const at::Tensor begun = begins.cumsum(1);
  const at::Tensor over = at::constant_pad_nd(begun, {kSpan, 0}).narrow(1, 0, begun.size(1));
  const at::Tensor spans = uniform(frames.slice(1, 0, 1), batch.pose.options()) < 0.5;
  return at::where(spans, begun > over, drawn < share);
}

// The last frame of a clip at which the loss on sound may begin.
std::int64_t last_offset(const config::TrainConfig& config) {
  return config.clip_frames() - config.plus.sound_frames - 1;
}

struct SynthesiserSteps {
  Session& session;
  PlusState& state;

  PlusReport run(std::int64_t step) {
    const config::TrainConfig& config = session.config;
    const config::StageConfig& stage = config.synthesiser_training;
    const models::JointStep together(session.ranks, stage.batch);
    const models::Part part = session.part(stage);
    const std::vector<clips::Clip> clips = session.batch(step, stage);
    Random random(
        derive_seed(config.run.seed, "sound of a clip", static_cast<std::uint64_t>(step)));
    std::vector<std::int64_t> offsets;
    for (std::int64_t i = 0; i < part.first + part.count; ++i) {
      const auto offset = static_cast<std::int64_t>(
          random.below(static_cast<std::uint64_t>(last_offset(config) + 1)));
      if (i >= part.first) offsets.push_back(offset);
    }
    models::SynthesiserBatch batch =
        state.train_data.sounds(clips, offsets, controls_seen(config, step, part));
    seed_step(config, "synthesiser", step);
    batch.pose = augmented(augmented(batch.pose, config, step, part), config.plus.augmentation);
    return state.synthesiser_step.run(batch, white_noise(batch.sound), step);
  }
  AdamW& optimiser() { return state.synthesiser_step.optimiser(); }
  void done(const PlusReport&) {}
  std::string log(const PlusReport& report) {
    return log_loss(session, session.config.synthesiser_training, report);
  }

  // Both losses on players not seen in training.
  void validate() {
    const std::vector<clips::Clip> clips = test_clips(session);
    if (clips.empty()) return;
    const at::NoGradGuard no_grad;
    state.model.train(false);
    const std::vector<std::int64_t> offsets(clips.size(), last_offset(session.config) / 2);
    const models::SynthesiserBatch batch = state.test_data.sounds(clips, offsets);
    seed_step(session.config, "validation", 0);
    const at::Tensor body = state.model.body->forward(batch.pose);
    const at::Tensor sound =
        models::resynthesised(state.model, batch, body, white_noise(batch.sound));
    const double loss = models::spectral_loss(sound, batch.sound).item<double>();
    const auto event = [&](const char* name, const at::Tensor& samples) {
      const at::Tensor row = samples[0].to(at::kCPU).contiguous();
      const float* first = row.const_data_ptr<float>();
      log_sound(session, name,
                {.sample_rate = static_cast<int>(session.config.spectrogram.sample_rate),
                 .samples = {first, first + row.numel()}});
    };
    event("recorded", batch.sound);
    event("resynthesised", sound);
    std::string said = text("step ", session.position.step, ": test spectral loss ", loss);
    std::vector<Metric> metrics{{"test_loss", loss}};
    if (!session.config.plus.keep_body) {
      const at::Tensor timbre =
          models::timbre_of(batch.clip, session.config.spectrogram.sample_rate);
      const double match = state.model.match->forward(body, timbre).item<double>();
      metrics.emplace_back("test_match", match);
      said += text(", matching loss of body and sound ", match, " nats");
    }
    log_metrics(session, metrics);
    log::info(said);
  }
};

struct ControlsSteps {
  Session& session;
  PlusState& state;

  PlusReport run(std::int64_t step) {
    const config::TrainConfig& config = session.config;
    const config::StageConfig& stage = config.controls_training;
    const models::JointStep together(session.ranks, stage.batch);
    const models::Part part = session.part(stage);
    std::vector<bool> hidden;
    for (std::int64_t i = part.first; i < part.first + part.count; ++i) {
      Random random(derive_seed(config.run.seed, "hide notes",
                                static_cast<std::uint64_t>(step * part.total + i)));
      hidden.push_back(random.uniform() < config.plus.notes_hidden);
    }
    const std::vector<clips::Clip> clips = session.batch(step, stage, "prior");
    models::ControlBatch batch = state.train_data.controls(clips, hidden);
    Random random(derive_seed(config.run.seed, "live", static_cast<std::uint64_t>(step)));
    batch.live = random.uniform() < config.plus.live;
    const bool whole_track = random.uniform() < config.plus.whole_track;
    seed_step(config, "controls", step);
    // The mean posture is appended as a last frame, because it is augmented like the clip.
    const std::int64_t frames = batch.pose.size(1);
    const at::Tensor poses = at::cat({batch.pose, state.train_data.mean_poses(clips)}, 1);
    const at::Tensor varied =
        augmented(augmented(poses, config, step, part, /*apart=*/1), config.plus.augmentation);
    batch.pose = varied.narrow(1, 0, frames);
    if (whole_track) batch.mean_pose = varied.narrow(1, frames, 1);
    return state.controls_step.run(batch, hidden_past(batch, config.plus.mask), step);
  }
  AdamW& optimiser() { return state.controls_step.optimiser(); }
  void done(const PlusReport&) {}
  std::string log(const PlusReport& report) {
    return log_loss(session, session.config.controls_training, report);
  }

  // Nats of onset and pitch without notes, overall and at onsets; the same live, and with the
  // player of another track, which shows how much the movement contributes.
  void validate() {
    const std::vector<clips::Clip> clips = test_clips(session);
    if (clips.empty()) return;
    const at::NoGradGuard no_grad;
    state.model.train(false);
    models::ControlBatch batch =
        state.test_data.controls(clips, std::vector<bool>(clips.size(), true));
    const at::Tensor begins = batch.tokens.onset > 0;
    const auto measure = [&] {
      const models::ControlLoss loss = models::control_loss(state.model, batch);
      const at::Tensor nats = loss.onset + loss.pitch;
      const double at_onsets = nats.masked_select(begins).mean().item<double>();
      return std::array{nats.mean().item<double>(), at_onsets, loss.level.mean().item<double>(),
                        loss.seen.mean().item<double>()};
    };
    listen(batch.pose.narrow(0, 0, 1));
    const auto right = measure();
    batch.live = true;
    const auto live = measure();
    batch.live = false;
    std::vector<Metric> metrics{{"test_nll", right[0]},       {"test_nll_onsets", right[1]},
                                {"test_nll_level", right[2]}, {"test_nll_seen", right[3]},
                                {"test_nll_live", live[0]},   {"test_nll_onsets_live", live[1]}};
    std::string whole, at_onsets;
    if (const std::vector<std::size_t> others = clips::clips_of_others(clips); !others.empty()) {
      const std::vector<std::int64_t> rows(others.begin(), others.end());
      batch.pose = batch.pose.index_select(0, at::tensor(rows, batch.tokens.onset.options()));
      const auto wrong = measure();
      metrics.insert(metrics.end(),
                     {{"test_nll_other", wrong[0]}, {"test_nll_onsets_other", wrong[1]}});
      whole = text(", with another player's body ", wrong[0]);
      at_onsets = text(" and ", wrong[1]);
    }
    if (!std::isnan(right[1])) {
      at_onsets = text("; at onsets ", right[1], at_onsets, ", live ", live[1]);
    } else {  // the mean of no onsets
      std::erase_if(metrics, [](const Metric& metric) { return std::isnan(metric.second); });
      at_onsets = "; no note begins in these clips";
    }
    log_metrics(session, metrics);
    log::info(text("step ", session.position.step, ": test NLL (nats) of onset and pitch ",
                   right[0], whole, at_onsets, "; of pitch from the movement alone ", right[3]));
  }

  // Generates music for a player from movement alone.
  void listen(const at::Tensor& pose /* [1, P, 94] */) {
    log_music(session, "music", [&] {
      const std::uint64_t seed = session.config.run.seed;
      const generation::PlusPlayer player = generation::players_of(state.model, pose);
      const models::ControlTokens tokens =
          generation::draw_controls(state.model, player, {}, {.seed = seed});
      return generation::play(state.model, tokens, player.body, seed).front();
    });
  }
};

}  // namespace

void train_synthesiser(Session& session, PlusState& state) {
  SynthesiserSteps steps{session, state};
  train_steps(session, session.config.synthesiser_training, "synthesiser", "train", steps);
}

void train_controls(Session& session, PlusState& state) {
  ControlsSteps steps{session, state};
  state.model.prior_trained = true;
  train_steps(session, session.config.controls_training, "controls", "prior", steps);
}

}  // namespace minet::training
