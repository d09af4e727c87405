#include "evaluation/subject.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "minet/config/config.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/generation/plus.hpp"
#include "minet/generation/render.hpp"
#include "minet/generation/sampling.hpp"
#include "minet/models/baseline.hpp"
#include "minet/models/model.hpp"
#include "minet/models/plus.hpp"
#include "minet/models/spectrograms.hpp"
#include "minet/pose/prepare.hpp"
#include "minet/score/note_indices.hpp"

namespace minet::evaluation {
namespace {

class MinetSubject : public Subject {
 public:
  explicit MinetSubject(models::Model model) : model_(std::move(model)) {}

  std::string kind() const override { return "minet"; }
  const config::TrainConfig& config() const override { return model_.config; }
  const audio::SpectrogramScale& scale() const override { return model_.scale; }
  bool takes_notes() const override {
    return model_.config.content.enabled && model_.notes_trained;
  }

  at::Tensor features(const at::Tensor& poses) override {
    const at::NoGradGuard no_grad;
    return model_.body->forward(poses.to(model_.device())).to(at::kCPU);
  }

  at::Tensor spectrograms(const ClipInput& input) override { return decode(draw(input)); }

  at::Tensor encode(const at::Tensor& spectrograms) override {
    const at::NoGradGuard no_grad;
    return model_.vqvae->encode(spectrograms.to(model_.device())).to(at::kCPU);
  }

  at::Tensor draw(const ClipInput& input) override {
    const at::NoGradGuard no_grad;
    const at::Tensor body = model_.body->forward(input.poses.to(model_.device()));  // [B, H]
    const at::Tensor steps =
        body.unsqueeze(1).expand({-1, model_.config.clip_frames(), -1}).contiguous();  // [B, T, H]
    std::vector<at::Tensor> notes;
    if (input.notes) {
      for (const auto& clip : *input.notes) notes.push_back(indices(clip, steps.size(1)));
    }
    return generation::sample_codes(model_, steps, notes.empty() ? at::Tensor() : at::cat(notes),
                                    sampling(input.sampling, input.notes.has_value()));
  }

  at::Tensor decode(const at::Tensor& codes) override {
    const at::NoGradGuard no_grad;
    return model_.vqvae->decode(codes.to(model_.device())).to(at::kCPU);
  }

  audio::Sound play(const PlayerInput& input) override {
    const auto steps = std::llround(input.seconds * model_.config.frame_rate());
    at::Tensor notes;
    if (input.notes) notes = indices(*input.notes, steps);
    const at::Tensor codes =
        generation::sample_codes(model_, generation::body_track(model_, input.pose, steps), notes,
                                 sampling(input.sampling, notes.defined()));  // [1, T]
    return generation::render(model_, codes[0].contiguous(), input.inversion);
  }

  models::Model* model() override { return &model_; }

 private:
  at::Tensor indices(std::span<const score::Note> notes, std::int64_t steps) const {  // [1, T]
    return at::tensor(score::note_indices(notes, steps, model_.config.frame_rate()), at::kLong)
        .unsqueeze(0)
        .to(model_.device());
  }

  models::Model model_;
};

// plus: sound from keypoints, without codes or spectrograms in between.
class PlusSubject : public Subject {
 public:
  PlusSubject(models::PlusModel model, const at::Device& device)
      : model_(std::move(model)), device_(device) {}

  std::string kind() const override { return "plus"; }
  const config::TrainConfig& config() const override { return model_.config; }
  const audio::SpectrogramScale& scale() const override { return model_.scale; }
  bool takes_notes() const override { return model_.notes_trained; }

  at::Tensor features(const at::Tensor& poses) override {
    const at::NoGradGuard no_grad;
    return model_.body->forward(poses.to(device_)).to(at::kCPU);
  }

  std::vector<audio::Sound> sounds(const ClipInput& input) override {
    const generation::PlusPlayer player = generation::players_of(model_, input.poses.to(device_));
    models::NoteInput notes;
    if (input.notes) notes = together(*input.notes, player.motion.size(1));
    const models::ControlTokens tokens = generation::draw_controls(
        model_, player, notes, sampling(input.sampling, input.notes.has_value()));
    return generation::play(model_, tokens, player.body, input.sampling.seed);
  }

  std::vector<audio::Sound> played_again(const std::vector<audio::Sound>& real,
                                         const at::Tensor& poses) override {
    const at::NoGradGuard no_grad;
    const at::Tensor body = model_.body->forward(poses.to(device_));
    std::vector<audio::Sound> result;
    for (std::size_t i = 0; i < real.size(); ++i) {
      result.push_back(generation::play_again(model_, real[i],
                                              body.narrow(0, static_cast<std::int64_t>(i), 1), i));
    }
    return result;
  }

  at::Tensor spectrograms(const ClipInput& input) override {
    std::vector<at::Tensor> rows;
    for (const audio::Sound& sound : sounds(input)) {
      audio::Spectrogram log = audio::magnitude(sound, model_.config.spectrogram);
      audio::to_log(model_.scale, log.values);
      rows.push_back(at::tensor(log.values)
                         .view({log.frames, log.bins})
                         .narrow(0, 0, model_.config.clip_frames())
                         .t());
    }
    return at::stack(rows).contiguous();
  }

  audio::Sound play(const PlayerInput& input) override {
    const auto frames = std::llround(input.seconds * models::token_rate(model_.config));
    const generation::PlusPlayer player = generation::player_of(model_, input.pose, frames);
    models::NoteInput notes;
    if (input.notes) notes = generation::note_input(*input.notes, model_.config, frames);
    const models::ControlTokens tokens = generation::draw_controls(
        model_, player, notes, sampling(input.sampling, input.notes.has_value()));
    return generation::play(model_, tokens, player.body, input.sampling.seed).front();
  }

 private:
  models::NoteInput together(const std::vector<std::vector<score::Note>>& clips,
                             std::int64_t frames) const {
    std::vector<at::Tensor> note, onset, present;
    for (const auto& clip : clips) {
      const models::NoteInput one = generation::note_input(clip, model_.config, frames);
      note.push_back(one.note), onset.push_back(one.onset), present.push_back(one.present);
    }
    return {at::cat(note), at::cat(onset), at::cat(present)};
  }

  models::PlusModel model_;
  at::Device device_;
};

// No codes, no notes and no sampling: a pose always sounds the same.
class BaselineSubject : public Subject {
 public:
  BaselineSubject(models::BaselineModel model, const at::Device& device)
      : model_(std::move(model)), device_(device) {}

  std::string kind() const override {
    return std::string(config::to_string(model_.config.model.kind));
  }
  const config::TrainConfig& config() const override { return model_.config; }
  const audio::SpectrogramScale& scale() const override { return model_.scale; }
  bool takes_notes() const override { return false; }
  at::Tensor features(const at::Tensor& poses) override {
    return model_.net->feature(poses.to(device_)).to(at::kCPU);
  }
  at::Tensor spectrograms(const ClipInput& input) override {
    return model_.net->generate(input.poses.to(device_), model_.config.clip_frames())
        .to(at::kCPU)
        .contiguous();
  }
  // Clip after clip, each from its own poses.
  audio::Sound play(const PlayerInput& input) override {
    const config::TrainConfig& config = model_.config;
    const std::int64_t count = config.clip_pose_frames();
    const auto frames =
        std::max<std::int64_t>(1, std::llround(input.seconds * config.frame_rate()));
    std::vector<at::Tensor> clips;
    for (std::int64_t first = 0; first < frames; first += config.clip_frames()) {
      const std::vector<float> window = pose::pose_window(
          input.pose, static_cast<double>(first) / config.frame_rate(), count, config.pose.fps);
      clips.push_back(
          spectrograms({.poses = at::tensor(window).view({1, count, pose::kPoseWidth})})[0]);
    }
    const at::Tensor whole = at::cat(clips, 1).narrow(1, 0, frames).contiguous();  // [F, T]
    return audio::invert(models::to_magnitudes(model_.scale, whole), config.spectrogram,
                         input.inversion);
  }

 private:
  models::BaselineModel model_;
  at::Device device_;
};

void check_trained(const models::Model& model, const std::string& name, const std::string& metric,
                   Need need) {
  if (!model.vqvae->quantizer->is_started()) {
    throw InputError(text(name,
                          ": expected a model with a trained codebook, but its codebook has not "
                          "started; continue its training past vqvae.plain_steps"));
  }
  if (need != Need::codes && !model.prior_trained) {
    throw InputError(text(name, ": expected a model with a trained prior for ", metric,
                          ", but only its VQ-VAE is; train its prior"));
  }
}

}  // namespace

std::unique_ptr<Subject> load_subject(const std::filesystem::path& path, const at::Device& device,
                                      const std::string& metric, Need need) {
  const config::ModelKind kind = models::kind_of(path);
  const bool any_kind = need == Need::sound || need == Need::body;
  if (any_kind && kind == config::ModelKind::plus) {
    models::PlusModel plus = models::load_plus(path);
    if (need == Need::sound && !plus.prior_trained) {
      throw InputError(text(path.string(), ": expected a model with a trained prior for ", metric,
                            ", but only its synthesiser is; continue its training"));
    }
    plus.to(device);
    return std::make_unique<PlusSubject>(std::move(plus), device);
  }
  if (any_kind && kind != config::ModelKind::minet) {
    models::BaselineModel baseline = models::load_baseline(path);
    baseline.net->to(device);
    baseline.net->eval();
    return std::make_unique<BaselineSubject>(std::move(baseline), device);
  }
  models::Model model = models::load_model(path);
  check_trained(model, path.string(), metric, need);
  model.to(device);
  model.eval();
  return std::make_unique<MinetSubject>(std::move(model));
}

}  // namespace minet::evaluation
