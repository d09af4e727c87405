// plus, our own model: from keypoints to pitch and loudness, and from these and the body to sound.
//
//   pose -> BodyEncoder -> h, one vector: the sound of the instrument
//   (pitch, loudness, h) -> Synthesiser -> harmonics and noise -> sound (DDSP, arXiv 2001.04643)
//   (pose, h) -> Motion -> h_t, one vector per pose frame: when and what is played
//   (h, h_t, notes if given, the past) -> ControlPrior -> onset, pitch, loudness of each frame
//
// Letters: B batch, T frames, P pose frames, H width of h, K harmonics, N noise bands.
// Sound and synthesiser have frames of spectrogram.hop (16 ms), the prior of two hops (32 ms).
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/rnn.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "minet/audio/spectrogram.hpp"
#include "minet/config/train_config.hpp"
#include "minet/models/body_encoder.hpp"
#include "minet/models/safetensors.hpp"

namespace minet::models {

inline constexpr std::int64_t kFramesOfToken = 2;   // synthesiser frames in a frame of the prior
inline constexpr std::int64_t kPitchSymbols = 129;  // 0 = no pitch, 1 + MIDI number
inline constexpr std::int64_t kSeen = kPitchSymbols + 2;  // logits of pitch, then of onset
inline constexpr std::int64_t kMotionFeatures = 442;      // see motion_features
// Sampling without notes; values chosen by `mi_eval notes` on a validation set.
inline constexpr double kSeenOnset = 0.6;    // weight of `seen` on the logit of an onset
inline constexpr double kUsualOnset = -3.2;  // logit of an onset in a frame, whatever the movement
inline constexpr double kNoPitchLogit = 5;   // added to the logit of "no pitch"
inline constexpr double kLevelDb = 2;        // loudness per level
inline constexpr double kLoudestDb = -8;     // upper end of the highest level

struct SynthesiserInput {
  at::Tensor hz;        // [B, T] above 0; unvoiced frames hold the last pitch
  at::Tensor voiced;    // [B, T] float 0 or 1
  at::Tensor loudness;  // [B, T] dB of full scale, A-weighted
};
struct Partials {
  at::Tensor harmonics;  // [B, T, K] amplitudes
  at::Tensor noise;      // [B, T, N] amplitudes of evenly spaced bands
};

class SynthesiserImpl : public torch::nn::Module {
 public:
  explicit SynthesiserImpl(const config::TrainConfig& config);
  // Causal. `state` [1, B, width] continues from the frames before, and is updated for those after.
  Partials forward(const SynthesiserInput& input, const at::Tensor& body /* [B, H] */,
                   at::Tensor* state = nullptr);

 private:
  const config::TrainConfig config_;
  torch::nn::Sequential pitch_{nullptr}, loudness_{nullptr}, body_{nullptr}, out_{nullptr};
  torch::nn::GRU gru_{nullptr};
  torch::nn::Linear amplitude_{nullptr}, harmonics_{nullptr}, noise_{nullptr};
};
TORCH_MODULE(Synthesiser);

// Phase of the first harmonic, in cycles of [0, 1), for hz [B, T + 1]: [B, T * hop]. Summed in
// double precision: a float would be out of tune after seconds. `sum` [B, 1], in cycles, continues
// from the frames before, and is updated for those after.
at::Tensor phases_of(const at::Tensor& hz, const config::SpectrogramConfig& config,
                     at::Tensor* sum = nullptr);

// The sound between frames 0 and T of T + 1: [B, T * hop]. `noise` [B, T * hop] is white, in
// [-1, 1]. The filtered noise of a frame extends into its neighbours: the first frame lacks what
// comes before it, and the last what comes after it.
at::Tensor sound_of(const Partials& partials, const at::Tensor& phases /* [B, T * hop] */,
                    const at::Tensor& noise, std::int64_t hop);

// Its two parts, for sound that is made block by block: the harmonics [B, T + 1, K] between the
// frames, [B, T * hop], and the noise [B, T * hop] filtered by the bands [B, T, N] of each frame,
// delayed by N - 1 samples and one hop longer, [B, (T + 1) * hop]: consecutive blocks must be added
// where they overlap.
at::Tensor tones_of(const at::Tensor& harmonics, const at::Tensor& phases, std::int64_t hop);
at::Tensor filtered_noise(const at::Tensor& bands, const at::Tensor& noise, std::int64_t hop);

// Mean distance of magnitudes and of their logs, summed over windows of 64 to 2048 samples: scalar.
at::Tensor spectral_loss(const at::Tensor& sound /* [B, n] */, const at::Tensor& target);

// Arms, and fingers relative to their wrist: [B, P, 94] -> [B, P, 94].
at::Tensor posture_of(const at::Tensor& pose);
// Joints, their velocities, fingers relative to their wrist, their velocities, and the deviation of
// the posture from `usual` [B, P or 1, 94]: [B, P, 94] -> [B, P, 442]. A player's usual posture
// says nothing about the note, and varies more between players than from note to note.
at::Tensor motion_features(const at::Tensor& pose, const at::Tensor& usual);

// What has been seen of a player so far in live use.
struct MotionState {
  at::Tensor gru;           // [layers, B, motion_hidden]
  at::Tensor usual;         // [B, 1, 94], the mean posture
  std::int64_t frames = 0;  // number of frames in that mean, at most a minute's
};

class MotionImpl : public torch::nn::Module {
 public:
  explicit MotionImpl(const config::TrainConfig& config);
  // [B, P, 94] -> [B, frames, 2 * motion_hidden], in the prior's frames: `ratio` pose frames each.
  // The same fingers mean a different pitch on a different instrument, so h is an input too.
  // `live`: a frame depends only on what has been seen until then, as in `advance`.
  // `mean_pose` [B, 1, 94]: the mean over more than these frames, if that is known.
  at::Tensor forward(const at::Tensor& pose, const at::Tensor& body /* [B, H] */,
                     std::int64_t frames, double ratio, bool live = false,
                     const at::Tensor& mean_pose = {});
  // One pose frame: [B, 2, 94], the previous one (the same at the start) and this one -> [B, 2 *
  // motion_hidden]. `state` is empty at the start, and updated for the next.
  at::Tensor advance(const at::Tensor& pair, const at::Tensor& body, MotionState& state);

 private:
  at::Tensor input(const at::Tensor& pose, const at::Tensor& usual, const at::Tensor& body);
  at::Tensor input_in_pieces(const at::Tensor& pose, const at::Tensor& usual /* [B, 1, 94] */,
                             const at::Tensor& body);
  const std::int64_t most_frames_;  // limit of the mean in `advance`
  torch::nn::Sequential in_{nullptr};
  torch::nn::GRU gru_{nullptr};
};
TORCH_MODULE(Motion);

// Pose frames per frame of the prior, and frames of the prior per second.
double pose_frames_of_token(const config::TrainConfig& config);
double token_rate(const config::TrainConfig& config);

// What the prior samples, frame by frame: int64 [B, T] or, for one frame, [B].
struct ControlTokens {
  at::Tensor onset;  // 1: a note begins
  at::Tensor pitch;  // below kPitchSymbols
  at::Tensor level;  // below config.plus.levels
};
// Notes to be played, in the prior's frames.
struct NoteInput {
  at::Tensor note;     // [B, T] int64: 0 = rest, 1 + MIDI number (score/note_indices.hpp)
  at::Tensor onset;    // [B, T] int64: 1 where a note begins
  at::Tensor present;  // [B] bool: whether this clip has notes at all
};
struct ControlLogits {
  at::Tensor onset;  // [B, T, 2]
  at::Tensor pitch;  // [B, T, kPitchSymbols], given the onset
  at::Tensor level;  // [B, T, levels], given onset and pitch
};

class ControlPriorImpl : public torch::nn::Module {
 public:
  explicit ControlPriorImpl(const config::TrainConfig& config);
  // What does not depend on the past, [B, T, C]. `motion` [B, T, 2 * motion_hidden]; without notes,
  // pass a NoteInput of undefined tensors.
  at::Tensor condition(const at::Tensor& body, const at::Tensor& motion, const NoteInput& notes);
  // Logits of frame t depend on the tokens before t, except where `hidden` [B, T] bool is true.
  ControlLogits forward(const ControlTokens& tokens, const at::Tensor& condition,
                        const at::Tensor& hidden = {});

  // The same frame by frame. `previous` holds the tokens of the last frame, or undefined tensors at
  // the start; `state` is the GRU's; -> [B, trunk], the input of the three below, in this order.
  at::Tensor advance(const ControlTokens& previous, const at::Tensor& condition /* [B, C] */,
                     at::Tensor& state);
  at::Tensor onset_logits(const at::Tensor& trunk);
  at::Tensor pitch_logits(const at::Tensor& trunk, const at::Tensor& onset);
  // Pitch and onset from the movement alone, without the past: [..., C] -> [..., kSeen].
  at::Tensor seen_logits(const at::Tensor& condition);
  // Logits to sample onset and pitch from if no notes are given: the prediction from the movement
  // alone is added, and "no pitch" gets a bonus. Otherwise the prior trusts its own past, which may
  // be wrong, as much as in training, where it was right, and plays on through rests.
  at::Tensor free_onset_logits(const at::Tensor& trunk, const at::Tensor& condition);
  at::Tensor free_pitch_logits(const at::Tensor& trunk, const at::Tensor& onset,
                               const at::Tensor& condition);
  at::Tensor level_logits(const at::Tensor& trunk, const at::Tensor& onset,
                          const at::Tensor& pitch);

 private:
  at::Tensor embedded(const ControlTokens& tokens);
  const config::TrainConfig config_;
  torch::nn::Embedding embedding_onset_{nullptr}, embedding_pitch_{nullptr},
      embedding_level_{nullptr}, embedding_note_{nullptr};
  torch::nn::Linear in_{nullptr}, trunk_{nullptr}, onset_{nullptr}, pitch_{nullptr},
      level_in_{nullptr}, level_{nullptr}, seen_{nullptr};
  torch::nn::GRU gru_{nullptr};
};
TORCH_MODULE(ControlPrior);

// The level of a loudness, and the loudness in the middle of a level.
at::Tensor levels_of(const at::Tensor& loudness, std::int64_t levels);
at::Tensor loudness_of_levels(const at::Tensor& level, std::int64_t levels);

inline constexpr std::int64_t kTimbreBands = 64;
// The overall timbre of a sound, whatever its level: the mean over time of the logarithms of its
// mel bands, then their standard deviation: [B, n] -> [B, 2 * kTimbreBands].
at::Tensor timbre_of(const at::Tensor& sound, std::int64_t sample_rate);

// Matches bodies and sounds: a second loss of the first stage (InfoNCE, arXiv 1807.03748; in both
// directions as in CLIP, arXiv 2103.00020). Playing does not need it, so a file may lack it: the
// included model does.
class MatchImpl : public torch::nn::Module {
 public:
  explicit MatchImpl(const config::TrainConfig& config);
  // Loss in nats, scalar: a body [B, H] is to identify its sound among those of the batch, and a
  // sound its body. ln B is chance level.
  at::Tensor forward(const at::Tensor& body, const at::Tensor& timbre /* [B, 2 kTimbreBands] */);

 private:
  torch::nn::Sequential sound_{nullptr};
  at::Tensor scale_;  // logarithm of the inverse temperature
};
TORCH_MODULE(Match);

// Copies share the networks, as LibTorch's module holders do.
struct PlusModel {
  config::TrainConfig config;
  audio::SpectrogramScale scale;  // fixed; only for comparing spectrograms
  BodyEncoder body{nullptr};
  Synthesiser synthesiser{nullptr};
  Match match{nullptr};
  Motion motion{nullptr};
  ControlPrior prior{nullptr};
  bool prior_trained = false;  // false: only body encoder, synthesiser and match have been trained
  bool notes_trained = false;  // whether a training track had notes

  void train(bool on = true);
  void to(const at::Device& device);
};

// The input of one training step, and its losses; T = clip_frames / kFramesOfToken.
struct SynthesiserBatch {
  SynthesiserInput input;  // [B, S + 1], S = config.plus.sound_frames: the network's input
  at::Tensor hz;           // [B, S + 1], the pitch of `sound`
  at::Tensor sound;        // [B, S * hop]
  at::Tensor pose;         // [B, P, 94], of the whole clip
  at::Tensor clip;         // [B, clip_frames * hop], sound of the whole clip
};

struct ControlBatch {
  ControlTokens tokens;       // [B, T]; for clips with notes, as these force them
  NoteInput notes;            // [B, T]
  at::Tensor pose;            // [B, P, 94]
  at::Tensor mean_pose = {};  // [B, 1, 94] of the whole track; undefined: the clip's own
  bool live = false;          // causal movements, as in live use
};

// Resynthesises the recorded sound from its own pitch and loudness, [B, S * hop].
at::Tensor resynthesised(PlusModel& model, const SynthesiserBatch& batch,
                         const at::Tensor& body /* [B, H] */, const at::Tensor& noise);

struct SynthesiserLoss {
  at::Tensor total;            // the training objective: scalar
  at::Tensor spectral, match;  // scalars; with plus.keep_body only `spectral` is set
};
SynthesiserLoss synthesiser_loss(PlusModel& model, const SynthesiserBatch& batch,
                                 const at::Tensor& noise);

struct ControlLoss {
  at::Tensor total;                // the training objective: scalar
  at::Tensor onset, pitch, level;  // [B, T] nats
  at::Tensor seen;                 // [B, T] nats of the pitch, predicted from the movement alone
};
ControlLoss control_loss(PlusModel& model, const ControlBatch& batch,
                         const at::Tensor& hidden = {});

// Weights are a pure function of (config, seed); torch's global generator is neither read nor
// advanced. InputError for a different model.kind.
PlusModel make_plus(const config::TrainConfig& config, std::uint64_t seed);

// Every tensor, by its name in the file: body.*, synthesiser.*, match.*, motion.*, controls.*.
// They alias the model's.
std::map<std::string, at::Tensor> plus_tensors(const PlusModel& model);
TensorFile plus_state(const PlusModel& model);
// As load_model_state: strict, reports every mismatch at once and leaves the model unchanged then.
void load_plus_state(PlusModel& model, const TensorFile& file, const std::string& where);

// `path` as in load_model. On the CPU, in eval mode. Any other kind of model is an InputError.
PlusModel load_plus(const std::filesystem::path& path);

}  // namespace minet::models
