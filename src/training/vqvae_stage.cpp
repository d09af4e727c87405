// Stage 1: the VQ-VAE (paper section 3.2).
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "training/session.hpp"
#include "training/usage_monitor.hpp"
#include "training/validation.hpp"

namespace minet::training {
namespace {

// Encoder outputs for clips drawn only for this purpose, [M, D].
at::Tensor codebook_vectors(Session& session, models::Model& model) {
  const config::TrainConfig& config = session.config;
  const std::int64_t per_batch = config.vqvae_training.batch * config.clip_frames();
  const std::int64_t wanted = std::max(config.vqvae.kmeans_vectors, config.vqvae.codes);
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> vectors;
  for (std::int64_t batch = 0; batch * per_batch < wanted; ++batch) {
    const auto clips = session.order.batch(batch, config.vqvae_training.batch, "codebook");
    const at::Tensor encoded = model.vqvae->encoder->forward(
        session.train_tracks.spectrograms(clips, session.scale).to(session.device));  // [B, D, T]
    vectors.push_back(encoded.transpose(1, 2).reshape({-1, config.vqvae.code_width}));
  }
  return at::cat(vectors);
}

void validate(Session& session, models::Model& model) {
  const std::vector<clips::Clip> clips = test_clips(session);
  if (clips.empty()) return;
  at::NoGradGuard no_grad;
  model.vqvae->eval();
  const bool quantise = model.vqvae->quantizer->is_started();
  std::vector<at::Tensor> codes;
  const double l2 = mean_by_eights(clips, [&](const std::vector<clips::Clip>& some, bool first) {
    const at::Tensor spectrogram =
        session.test_tracks.spectrograms(some, session.scale).to(session.device);
    const models::VqVaeOutput output = model.vqvae->forward(spectrogram, quantise);
    if (quantise) codes.push_back(output.codes.flatten());
    if (first) {
      log_music(session, "original", [&] { return inverted(session, spectrogram[0]); });
      log_music(session, "reconstruction",
                [&] { return inverted(session, output.reconstruction[0]); });
    }
    return output.reconstruction_loss.item<double>();
  });
  std::vector<Metric> numbers{{"test_l2", l2}};
  if (quantise) {
    const models::CodeUsage usage = model.vqvae->quantizer->usage(at::cat(codes));
    numbers.emplace_back("test_codes_used", static_cast<double>(usage.distinct));
    numbers.emplace_back("test_perplexity", usage.perplexity);
  }
  log_metrics(session, numbers);
  log::info(text("step ", session.position.step, ": test L2 ", l2));
}

struct VqVaeSteps {
  Session& session;
  TrainState& state;
  SpectrogramBatches batches{session, session.config.vqvae_training, session.position.step};
  UsageMonitor usage{session.config.vqvae.codes, session.ranks};
  bool started = state.model.vqvae->quantizer->is_started();

  VqVaeReport run(std::int64_t step) {
    const at::Tensor spectrogram = batches.take(step);  // [B, F, T]
    if (step >= session.config.vqvae.plain_steps && !started) {
      start_codebook();
    }
    return state.vqvae_step.run(spectrogram, step);
  }
  // Rank 0 computes it; the others receive the result.
  void start_codebook() {
    const auto draw = [&] {
      if (session.is_first())
        state.vqvae_step.start_codebook(codebook_vectors(session, state.model));
    };
    started = true;
    if (session.ranks == nullptr) return draw();
    session.ranks->first_goes_ahead(draw);
    auto& quantizer = state.model.vqvae->quantizer;
    for (at::Tensor* kept : {&quantizer->codes, &quantizer->counts, &quantizer->sums}) {
      session.ranks->copy_first(*kept);
    }
    quantizer->set_started(true);
  }
  AdamW& optimiser() { return state.vqvae_step.optimiser(); }
  void done(const VqVaeReport& report) {
    if (report.codes.defined()) usage.see(report.codes, session.position.step);
  }
  std::string log(const VqVaeReport& report) {
    const config::StageConfig& stage = session.config.vqvae_training;
    const double loss = session.mean(report.loss, stage);
    std::vector<Metric> numbers{
        {"loss", loss},
        {"reconstruction", session.mean(report.reconstruction, stage)},
        {"commitment", report.commitment.defined() ? session.mean(report.commitment, stage) : 0},
        {"gradient_norm", report.gradient_norm.item<double>()},
        {"learning_rate", report.learning_rate}};
    if (report.codes.defined()) {
      const models::JointStep together(session.ranks, stage.batch);
      const models::CodeUsage now =
          state.model.vqvae->quantizer->usage(models::joint_rows(report.codes));
      numbers.emplace_back("codes_used", static_cast<double>(now.distinct));
      numbers.emplace_back("perplexity", now.perplexity);
      numbers.emplace_back("revived", report.revived.defined() ? report.revived.item<double>() : 0);
    }
    log_metrics(session, numbers);
    std::string note = text("loss ", loss);
    if (usage.last().distinct > 0) {
      note += text(", codes ", usage.last().distinct, "/", session.config.vqvae.codes);
    }
    return note;
  }
  void validate() { training::validate(session, state.model); }
};

}  // namespace

void train_vqvae(Session& session, TrainState& state) {
  const config::StageConfig& stage = session.config.vqvae_training;
  if (state.position.step >= stage.steps) return;
  VqVaeSteps steps{session, state};
  train_steps(session, stage, "VQ-VAE", "train", steps);
}

}  // namespace minet::training
