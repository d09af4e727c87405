// The model under evaluation: anything that turns keypoints into sound. Metrics that compare sound
// and body features (ndb, knn, tsne) use only these functions, so that MI Net and the baselines are
// measured alike; those for codes and the prior use MI Net's networks.
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
  at::Tensor poses;  // [B, P, 94], normalised
  // Each clip's notes, with times from its start; nullopt: play without notes.
  std::optional<std::vector<std::vector<score::Note>>> notes = std::nullopt;
  generation::SamplingChoice sampling = {};
};

// A performance of any length.
struct PlayerInput {
  const pose::PoseSequence& pose;  // normalised
  std::optional<std::vector<score::Note>> notes = std::nullopt;
  double seconds = 0;
  generation::SamplingChoice sampling = {};
  audio::InversionOptions inversion = {};
};

// How far the model must have been trained.
enum class Need {
  sound,  // MI Net or plus with its prior, or a baseline
  body,   // the same, but plus may lack its prior: its body encoder is trained first
  codes,  // MI Net with its codebook; the prior may be missing
  prior,  // MI Net with its prior
};

class Subject {
 public:
  virtual ~Subject() = default;
  virtual std::string kind() const = 0;  // as in the configuration's model.kind
  virtual const config::TrainConfig& config() const = 0;
  virtual const audio::SpectrogramScale& scale() const = 0;
  virtual bool takes_notes() const = 0;  // false also if no training track had notes
  // The body vector h of each clip, [B, H], on the CPU.
  virtual at::Tensor features(const at::Tensor& poses) = 0;
  // Generated standardised log-spectrograms, [B, F, T], on the CPU.
  virtual at::Tensor spectrograms(const ClipInput& input) = 0;
  // MI Net's codes [B, T] for spectrograms [B, F, T], codes sampled by it, and spectrograms decoded
  // from codes, all on the CPU; undefined for a model without codes.
  virtual at::Tensor encode(const at::Tensor& /* spectrograms */) { return {}; }
  virtual at::Tensor draw(const ClipInput&) { return {}; }
  virtual at::Tensor decode(const at::Tensor& /* codes */) { return {}; }
  // MI Net's networks; nullptr for a baseline and for plus.
  virtual models::Model* model() { return nullptr; }
  // For a model that makes sound and not spectrograms: the generated sound of each clip, and the
  // clips' own sound resynthesised from its pitch and loudness. Empty for other models.
  virtual std::vector<audio::Sound> sounds(const ClipInput&) { return {}; }
  virtual std::vector<audio::Sound> played_again(const std::vector<audio::Sound>& /* real */,
                                                 const at::Tensor& /* poses */) {
    return {};
  }
  // Music of any length.
  virtual audio::Sound play(const PlayerInput& input) = 0;
  // The sampling options; the model's own unless `choice` overrides them.
  generation::SamplingOptions sampling(const generation::SamplingChoice& choice, bool notes) const {
    return generation::sampling_of(choice, config().generation, notes);
  }
};

// InputError, naming `metric`, if there is no model or it is not trained as far as `need` says.
std::unique_ptr<Subject> load_subject(const std::filesystem::path& model, const at::Device& device,
                                      const std::string& metric, Need need = Need::sound);

}  // namespace minet::evaluation
