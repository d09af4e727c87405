// What is measured: anything that turns keypoints into sound. The metrics that compare sound and
// body features (ndb, knn, tsne) see a model through these functions only, so that MI Net and the
// baselines are measured alike; those of codes and of the prior look at MI Net's networks.
// Letters: B clips, P pose frames, F bins, T frames.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "minet/audio/inversion.hpp"
#include "minet/audio/sound.hpp"
#include "minet/audio/spectrogram.hpp"
#include "minet/config/train_config.hpp"
#include "minet/generation/sampling_options.hpp"
#include "minet/models/model.hpp"
#include "minet/pose/pose.hpp"
#include "minet/score/note.hpp"

namespace minet::evaluation {

struct ClipInput {
  at::Tensor poses;       // [B, P, 94], normalised
  at::Tensor notes = {};  // [B, T] int64, or undefined: play without notes
  generation::SamplingChoice sampling = {};
};

// A player of any length.
struct PlayerInput {
  const pose::PoseSequence& pose;  // normalised
  std::optional<std::vector<score::Note>> notes = std::nullopt;
  double seconds = 0;
  generation::SamplingChoice sampling = {};
  audio::InversionOptions inversion = {};
};

// How far the training of the model must have come.
enum class Need {
  sound,  // MI Net or plus with its prior, or a baseline
  body,   // the same, but of plus the prior may be missing: its body encoder is trained before
  codes,  // MI Net with its codebook; the prior may be missing
  prior,  // MI Net with its prior
};

class Subject {
 public:
  virtual ~Subject() = default;
  virtual std::string kind() const = 0;  // as in the configuration's model.kind
  virtual const config::TrainConfig& config() const = 0;
  virtual const audio::SpectrogramScale& scale() const = 0;
  virtual bool takes_notes() const = 0;
  // The body vector h of each clip, [B, H], on the CPU.
  virtual at::Tensor features(const at::Tensor& poses) = 0;
  // Generated standardised log-spectrograms, [B, F, T], on the CPU.
  virtual at::Tensor spectrograms(const ClipInput& input) = 0;
  // MI Net's codes [B, T] of spectrograms [B, F, T], those that it draws, and codes as
  // spectrograms, all on the CPU; undefined for a model without codes.
  virtual at::Tensor encode(const at::Tensor& /* spectrograms */) { return {}; }
  virtual at::Tensor draw(const ClipInput&) { return {}; }
  virtual at::Tensor decode(const at::Tensor& /* codes */) { return {}; }
  // MI Net's networks; nullptr for a baseline and for plus.
  virtual models::Model* model() { return nullptr; }
  // Of a model that makes sound and not spectrograms: the generated sound of each clip, and the
  // clips' own sound played again from its pitch and loudness. Empty for the others.
  virtual std::vector<audio::Sound> sounds(const ClipInput&) { return {}; }
  virtual std::vector<audio::Sound> played_again(const std::vector<audio::Sound>& /* real */,
                                                 const at::Tensor& /* poses */) {
    return {};
  }
  // Music of any length.
  virtual audio::Sound play(const PlayerInput& input) = 0;
  // How it draws where nothing else is asked for.
  generation::SamplingOptions sampling(const generation::SamplingChoice& choice, bool notes) const {
    return generation::sampling_of(choice, config().generation, notes);
  }
};

// InputError if there is no model or its training is not complete; `metric` is named then.
std::unique_ptr<Subject> load_subject(const std::filesystem::path& model, const at::Device& device,
                                      const std::string& metric, Need need = Need::sound);

}  // namespace minet::evaluation
