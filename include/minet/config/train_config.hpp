// The configuration of a training run as plain structs. Defaults are the paper preset.
// Each field's legal range, documentation and origin (paper, inferred, ours) are in
// src/config/fields.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace minet::config {

// minet: the paper's network; seq2seq and graph_transformer: its baselines; plus: our own.
enum class ModelKind { minet, seq2seq, graph_transformer, plus };
enum class FrameLoss { l1, mse };           // on a baseline's spectrogram frames
enum class LogScale { decibel, log1p };     // decibel: dB with a floor; log1p: ln(1 + magnitude)
enum class PriorKind { transformer, gru };  // gru: the paper's GRU-Seq2Seq
enum class EmbeddingInit { codebook, random };  // initial values of the prior's code embeddings
enum class PriorHead { linear, tied };
enum class Precision { automatic, float32, tf32, bf16 };
enum class Alignment { cross_attention, added, both };  // how notes reach the prior

struct ModelConfig {
  ModelKind kind = ModelKind::minet;
  FrameLoss frame_loss = FrameLoss::l1;  // baselines only

  bool operator==(const ModelConfig&) const = default;
};

struct SpectrogramConfig {
  std::int64_t sample_rate = 16000;  // Hz
  std::int64_t n_fft = 2048;         // samples; Hann window of this length
  std::int64_t hop = 256;            // samples; 62.5 frames per second
  std::int64_t bins = 1024;          // F = n_fft / 2: the Nyquist bin is dropped
  LogScale scale = LogScale::decibel;
  double floor_db = -80;  // relative to the corpus maximum

  bool operator==(const SpectrogramConfig&) const = default;
};

struct PoseConfig {
  double fps = 25;              // pose frames per second, after resampling
  double gap_confidence = 0.2;  // joints at or below this are gaps

  bool operator==(const PoseConfig&) const = default;
};

struct DataConfig {
  double clip_seconds = 4;             // T = clip_seconds * sample_rate / hop frames
  std::int64_t audio_cache_mb = 2048;  // MiB of decoded sound in memory; the rest is read per clip
  double silence_db = -60;             // dBFS; clips whose RMS is below this are drawn again

  bool operator==(const DataConfig&) const = default;
};

// Pose augmentation in training, per clip. 0 = off.
struct AugmentConfig {
  double build = 0;   // standard deviation of a player's size, drawn separately for x and y
  double turn = 0;    // rad, standard deviation of the rotation
  double mirror = 0;  // share of clips that are mirrored, with hands exchanged
  double gaps = 0;    // probability that a hand is lost for part of a clip
  double limbs = 0;   // rad, standard deviation of the turn of upper arms, forearms and hands
  double sway = 0;    // shoulder widths, size of slow movements of the arms and the body

  bool any() const {
    return build > 0 || turn > 0 || mirror > 0 || gaps > 0 || limbs > 0 || sway > 0;
  }
  bool operator==(const AugmentConfig&) const = default;
};

struct VqVaeConfig {
  std::int64_t channels = 512;  // C
  std::vector<std::int64_t> bands = {16, 8, 4,
                                     2};  // N of the encoder's MBR blocks; the decoder mirrors them
  std::int64_t residual_blocks = 2;
  std::int64_t codes = 1024;     // K
  std::int64_t code_width = 64;  // D
  double beta = 0.25;            // weight of the commitment loss
  double ema_decay = 0.99;
  double laplace = 1e-5;
  std::int64_t plain_steps = 100;       // steps as a plain autoencoder before the codebook starts
  std::int64_t kmeans_vectors = 24000;  // encoder vectors for the codebook's initial k-means
  double revive_threshold = 0.25;       // times tokens / K
  std::int64_t revive_every = 20;       // steps; 0 = never

  bool operator==(const VqVaeConfig&) const = default;
};

struct BodyConfig {
  std::int64_t hidden = 32;  // per direction; H = 2 * hidden
  std::int64_t layers = 3;

  bool operator==(const BodyConfig&) const = default;
};

struct PriorConfig {
  PriorKind kind = PriorKind::transformer;
  std::int64_t layers = 2;
  std::int64_t heads = 8;
  std::int64_t ffn = 512;
  double dropout = 0.1;
  std::int64_t context = 250;  // steps that a step attends to, including itself
  EmbeddingInit embedding = EmbeddingInit::codebook;
  PriorHead head = PriorHead::linear;

  bool operator==(const PriorConfig&) const = default;
};

struct ContentConfig {
  bool enabled = true;
  std::int64_t layers = 2;
  std::int64_t heads = 8;
  std::int64_t ffn = 512;
  Alignment alignment = Alignment::cross_attention;
  double drop = 0.1;  // share of training clips whose notes are hidden, so that one model plays
                      // with and without

  bool operator==(const ContentConfig&) const = default;
};

struct Seq2SeqConfig {
  std::int64_t hidden = 256;  // per direction of the encoder; the decoder has twice that
  std::int64_t layers = 2;    // of the encoder and of the decoder
  double dropout = 0.1;       // between the layers

  bool operator==(const Seq2SeqConfig&) const = default;
};

struct GraphTransformerConfig {
  std::vector<std::int64_t> blocks = {64,  64,  64,  64,  128,
                                      128, 128, 256, 256, 256};  // channels of each ST-GCN block
  std::int64_t temporal_kernel = 9;                              // frames, odd
  std::int64_t width = 512;                                      // of the decoder
  std::int64_t layers = 6;
  std::int64_t heads = 8;
  std::int64_t ffn = 1024;
  double dropout = 0.1;

  bool operator==(const GraphTransformerConfig&) const = default;
};

// Used if model.kind is plus. Numbers are layer widths, unless said otherwise.
struct PlusConfig {
  std::int64_t harmonics = 80;
  std::int64_t noise_bands = 65;  // N; the noise filter is 2 (N - 1) samples long
  std::int64_t synthesiser_width = 192;
  std::int64_t sound_frames = 64;    // frames of sound per clip in the loss
  std::int64_t motion_hidden = 128;  // per direction
  std::int64_t motion_layers = 2;
  std::int64_t prior_width = 192;
  std::int64_t prior_layers = 2;
  std::int64_t levels = 32;   // of loudness, 2 dB each
  double mask = 0.2;          // share of past frames hidden in training
  double notes_hidden = 0.5;  // share of clips whose notes are hidden in training
  double live = 0.3;          // share of training batches with causal movements, as in live use
  double whole_track = 0.5;   // share of batches that use the mean posture of the whole track
  double augmentation = 1;    // strength of pose augmentation; 0 = none
  bool keep_body = false;     // the first stage trains the synthesiser alone
  double drawn = 0.5;         // share of its clips with controls as the prior draws them

  bool operator==(const PlusConfig&) const = default;
};

struct StageConfig {
  std::int64_t steps = 0;
  std::int64_t batch = 0;  // clips
  double learning_rate = 0;
  double weight_decay = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  std::int64_t warmup_steps = 0;
  double final_rate = 0.05;  // factor of learning_rate at the end of the cosine schedule
  double clip_norm = 1.0;

  bool operator==(const StageConfig&) const = default;
};

struct RunConfig {
  std::uint64_t seed = 1;
  Precision precision = Precision::automatic;
  bool cuda_graphs = false;
  bool deterministic = false;
  std::int64_t log_every = 10;        // steps
  std::int64_t save_every = 500;      // steps
  double save_minutes = 10;           // and at least this often
  std::int64_t evaluate_every = 500;  // steps; validation on the test split
  std::int64_t evaluate_clips = 32;

  bool operator==(const RunConfig&) const = default;
};

// How a trained model samples. Training ignores it, so it may change at any time.
struct GenerationConfig {
  double temperature = 1;        // from keypoints alone
  double top_p = 1;              // from keypoints alone
  double notes_temperature = 1;  // with notes
  double notes_top_p = 1;        // with notes
  std::int64_t top_k = 0;
  double level_temperature = 0.5;  // plus only: factor on the temperature for loudness

  bool operator==(const GenerationConfig&) const = default;
};

struct TrainConfig {
  ModelConfig model;
  SpectrogramConfig spectrogram;
  PoseConfig pose;
  DataConfig data;
  AugmentConfig augment;
  VqVaeConfig vqvae;
  BodyConfig body;
  PriorConfig prior;
  ContentConfig content;
  StageConfig vqvae_training{
      .steps = 100000, .batch = 8, .learning_rate = 5e-4, .warmup_steps = 100};
  StageConfig prior_training{.steps = 50000,
                             .batch = 32,
                             .learning_rate = 3e-4,
                             .weight_decay = 0.1,
                             .beta2 = 0.95,
                             .warmup_steps = 200};
  Seq2SeqConfig seq2seq;
  GraphTransformerConfig graph_transformer;
  StageConfig baseline_training{.steps = 50000,
                                .batch = 16,
                                .learning_rate = 3e-4,
                                .weight_decay = 0.01,
                                .warmup_steps = 1000};
  PlusConfig plus;
  StageConfig synthesiser_training{.steps = 5000,
                                   .batch = 32,
                                   .learning_rate = 1e-3,
                                   .weight_decay = 0.01,
                                   .warmup_steps = 100,
                                   .clip_norm = 3};
  StageConfig controls_training{.steps = 5000,
                                .batch = 64,
                                .learning_rate = 1.5e-3,
                                .weight_decay = 0.05,
                                .warmup_steps = 100};
  RunConfig run;
  GenerationConfig generation;

  std::int64_t clip_frames() const {  // T
    return static_cast<std::int64_t>(data.clip_seconds *
                                     static_cast<double>(spectrogram.sample_rate) /
                                     static_cast<double>(spectrogram.hop));
  }
  std::int64_t clip_pose_frames() const {  // P
    return static_cast<std::int64_t>(data.clip_seconds * pose.fps);
  }
  bool is_baseline() const {
    return model.kind == ModelKind::seq2seq || model.kind == ModelKind::graph_transformer;
  }
  bool is_plus() const { return model.kind == ModelKind::plus; }
  std::int64_t body_width() const { return 2 * body.hidden; }                   // H
  std::int64_t prior_width() const { return vqvae.code_width + body_width(); }  // W
  double frame_rate() const {                                                   // codes per second
    return static_cast<double>(spectrogram.sample_rate) / static_cast<double>(spectrogram.hop);
  }

  bool operator==(const TrainConfig&) const = default;
};

}  // namespace minet::config
