// Stage 1: the VQ-VAE (paper section 3.1).
#include <torch/torch.h>

#include <algorithm>

#include "minet/audio/inversion.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "minet/models/spectrograms.hpp"
#include "training/session.hpp"
#include "training/usage_monitor.hpp"

namespace minet::training {
namespace {

// Encoder vectors of clips drawn for this purpose alone, [M, D].
at::Tensor codebook_vectors(Session& session) {
  const config::TrainConfig& config = session.config;
  const std::int64_t per_batch = config.vqvae_training.batch * config.clip_frames();
  const std::int64_t wanted = std::max(config.vqvae.kmeans_vectors, config.vqvae.codes);
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> vectors;
  for (std::int64_t batch = 0; batch * per_batch < wanted; ++batch) {
    const auto clips = session.order.batch(batch, config.vqvae_training.batch, "codebook");
    const at::Tensor encoded = session.model.vqvae->encoder->forward(
        session.train_tracks.spectrograms(clips, session.model.scale)
            .to(session.device));  // [B, D, T]
    vectors.push_back(encoded.transpose(1, 2).reshape({-1, config.vqvae.code_width}));
  }
  return at::cat(vectors);
}

audio::Sound inverted(const Session& session, const at::Tensor& standardised /* [F, T] */) {
  return audio::invert(models::to_magnitudes(session.model.scale, standardised),
                       session.config.spectrogram, {.iterations = 16});
}

void validate(Session& session) {
  const config::TrainConfig& config = session.config;
  const std::vector<Clip> clips =
      even_clips(session.test_tracks.frames(), config.clip_frames(), config.run.evaluate_clips);
  if (clips.empty()) return;
  at::NoGradGuard no_grad;
  session.model.vqvae->eval();
  const bool quantise = session.model.vqvae->quantizer->is_started();
  double squares = 0;
  std::vector<at::Tensor> codes;
  for (std::size_t first = 0; first < clips.size(); first += 8) {
    const std::vector<Clip> some(
        clips.begin() + static_cast<std::ptrdiff_t>(first),
        clips.begin() + static_cast<std::ptrdiff_t>(std::min(first + 8, clips.size())));
    const at::Tensor spectrogram =
        session.test_tracks.spectrograms(some, session.model.scale).to(session.device);
    const models::VqVaeOutput output = session.model.vqvae->forward(spectrogram, quantise);
    squares += output.reconstruction_loss.item<double>() * static_cast<double>(some.size());
    if (quantise) codes.push_back(output.codes.flatten());
    if (first == 0) {
      session.events.sound("original", session.state.step, inverted(session, spectrogram[0]));
      session.events.sound("reconstruction", session.state.step,
                           inverted(session, output.reconstruction[0]));
    }
  }
  const double l2 = squares / static_cast<double>(clips.size());
  std::vector<Metric> numbers{{"test_l2", l2}};
  if (quantise) {
    const models::CodeUsage usage = session.model.vqvae->quantizer->usage(at::cat(codes));
    numbers.emplace_back("test_codes_used", static_cast<double>(usage.distinct));
    numbers.emplace_back("test_perplexity", usage.perplexity);
  }
  log_metrics(session, numbers);
  log::info(text("step ", session.state.step, ": test L2 ", l2));
}

}  // namespace

void train_vqvae(Session& session) {
  const config::TrainConfig& config = session.config;
  const config::StageConfig& stage = config.vqvae_training;
  TrainState& state = session.state;
  if (state.step >= stage.steps) return;
  UsageMonitor usage(config.vqvae.codes);
  SaveSchedule saves(session);
  auto make = [&](std::int64_t step) {
    return session.train_tracks.spectrograms(session.order.batch(step, stage.batch),
                                             session.model.scale);
  };
  Prefetch<at::Tensor, decltype(make)> batches(make, state.step, stage.steps);
  Progress progress("VQ-VAE", stage.steps, "steps", state.step);
  while (state.step < stage.steps) {
    const at::Tensor spectrogram = batches.take().to(session.device);  // [B, F, T]
    if (state.step >= config.vqvae.plain_steps && !session.model.vqvae->quantizer->is_started()) {
      state.vqvae_step.start_codebook(codebook_vectors(session));
    }
    const VqVaeReport report = state.vqvae_step.run(spectrogram, state.step);
    check_health(session, report.loss, report.gradient_norm,
                 session.order.batch(state.step, stage.batch));
    ++state.step;
    const bool last = state.step == stage.steps;
    if (report.codes.defined()) usage.see(report.codes, state.step);
    if (is_due(state.step, config.run.log_every, last)) {
      std::vector<Metric> numbers{{"loss", report.loss},
                                  {"reconstruction", report.reconstruction},
                                  {"commitment", report.commitment},
                                  {"gradient_norm", report.gradient_norm},
                                  {"learning_rate", report.learning_rate}};
      if (report.codes.defined()) {
        const models::CodeUsage now = session.model.vqvae->quantizer->usage(report.codes);
        numbers.emplace_back("codes_used", static_cast<double>(now.distinct));
        numbers.emplace_back("perplexity", now.perplexity);
        numbers.emplace_back("revived", static_cast<double>(report.revived));
      }
      log_metrics(session, numbers);
      std::string note = text("loss ", report.loss);
      if (usage.last().distinct > 0)
        note += text(", codes ", usage.last().distinct, "/", config.vqvae.codes);
      progress.update(state.step, note);
    } else {
      progress.update(state.step);
    }
    if (is_due(state.step, config.run.evaluate_every, last)) validate(session);
    saves.after_step(last);
  }
  progress.finish();
}

}  // namespace minet::training
