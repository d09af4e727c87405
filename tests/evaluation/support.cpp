#include "evaluation/support.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <fstream>
#include <numbers>

#include "minet/audio/sound.hpp"
#include "minet/clips/track_store.hpp"
#include "minet/config/config.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/corpus/prepare.hpp"
#include "minet/models/safetensors.hpp"
#include "minet/pose/pose.hpp"
#include "minet/score/notes.hpp"
#include "support/source_folder.hpp"
#include "support/temp_folder.hpp"

namespace minet::evaluation {
namespace fs = std::filesystem;
namespace {

std::vector<score::Note> tune(int track, double seconds) {
  std::vector<score::Note> notes;
  for (int i = 0; 0.5 * (i + 1) <= seconds; ++i) {
    notes.push_back(
        {.onset_s = 0.5 * i, .duration_s = 0.45, .pitch = 50 + 3 * track + (i * 5) % 12});
  }
  return notes;
}

// Three partials a note, fading.
audio::Sound play(const std::vector<score::Note>& notes, double seconds) {
  audio::Sound sound{.sample_rate = 16000, .samples = {}};
  sound.samples.resize(static_cast<std::size_t>(std::llround(seconds * 16000)));
  for (const score::Note& note : notes) {
    const double hz = score::hz_of_pitch(note.pitch);
    const auto first = static_cast<std::size_t>(note.onset_s * 16000);
    const auto count = static_cast<std::size_t>(note.duration_s * 16000);
    for (std::size_t i = 0; i < count && first + i < sound.samples.size(); ++i) {
      const double t = static_cast<double>(i) / 16000;
      double value = 0;
      for (int partial = 1; partial <= 3; ++partial) {
        value += std::sin(2 * std::numbers::pi * hz * partial * t) / partial;
      }
      sound.samples[first + i] = static_cast<float>(0.2 * std::exp(-2 * t) * value);
    }
  }
  return sound;
}

fs::path golden(const std::string& name) {
  return minet::source_folder() / "tests" / "evaluation" / "golden" / name;
}

pose::PoseSequence player(int track, std::int64_t frames) {
  pose::PoseSequence pose{
      .fps = 25,
      .frames = frames,
      .data = std::vector<float>(static_cast<std::size_t>(frames) * pose::kJoints * 3, 0.0f)};
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    for (int joint = 0; joint < pose::kJoints; ++joint) {
      float* const values = pose.joint(frame, joint);
      const double angle = 0.1 * (track + 1) * static_cast<double>(frame) + joint;
      values[0] = 300 + 10 * static_cast<float>(joint % 7 + track) +
                  5 * static_cast<float>(std::sin(angle));
      values[1] = 200 + 6 * static_cast<float>(joint) + 5 * static_cast<float>(std::cos(angle));
      values[2] = 0.9f;
    }
  }
  return pose;
}

}  // namespace

fs::path make_corpus(const fs::path& folder, const SmallCorpus& options) {
  const fs::path source = folder / "source";
  fs::create_directories(source);
  std::string rows = text("id,audio,pose,split", options.notes ? ",notes" : "",
                          options.instruments ? ",instrument" : "", "\n");
  for (int track = 0; track < options.train_tracks + options.test_tracks; ++track) {
    const std::string name = text("track", track);
    const std::vector<score::Note> notes = tune(track, options.seconds);
    audio::save_wav(source / (name + ".wav"), play(notes, options.seconds));
    pose::save_pose_npy(source / (name + ".npy"),
                        player(track, std::llround(options.seconds * 25)));
    spill(source / (name + ".csv"), score::notes_csv(notes));
    rows += text(
        name, ",", name, ".wav,", name, ".npy,", track < options.train_tracks ? "train" : "test",
        options.notes ? text(",", name, ".csv") : std::string(),
        options.instruments ? text(",", track % 2 == 0 ? "vn" : "fl") : std::string(), "\n");
  }
  spill(source / "tracks.csv", rows);
  const fs::path corpus = folder / "corpus";
  corpus::prepare_folder({.table = source / "tracks.csv", .out = corpus, .threads = 1});
  return corpus;
}

at::Tensor golden_array(const std::string& name) {
  FloatArray array = read_npy_float(golden(name));
  return at::from_blob(array.values.data(), array.shape, at::kFloat).clone();
}

nlohmann::json golden_figures(const std::string& name) {
  return nlohmann::json::parse(slurp(golden(name)));
}

config::TrainConfig small_config(bool content) {
  config::TrainConfig config;
  config.spectrogram.n_fft = 1024;
  config.spectrogram.bins = 512;
  config.vqvae.channels = 32;
  config.vqvae.bands = {4, 2};
  config.vqvae.residual_blocks = 1;
  config.vqvae.codes = 64;
  config.vqvae.code_width = 16;
  config.vqvae.kmeans_vectors = 1000;
  config.body = {.hidden = 8, .layers = 1};
  config.prior.layers = 1;
  config.prior.heads = 4;
  config.prior.ffn = 32;
  config.content = {.enabled = content,
                    .layers = 1,
                    .heads = 4,
                    .ffn = 32,
                    .alignment = config::Alignment::added};
  config::validate(config);
  return config;
}

models::Model make_model_for(const fs::path& path, const config::TrainConfig& config) {
  const at::NoGradGuard no_grad;
  models::Model model = models::make_model(config, 7);
  const corpus::Corpus corpus = corpus::Corpus::open(path);
  const clips::TrackStore tracks(corpus, "train", config);
  model.scale = tracks.estimate_scale();
  const auto clips = clips::even_clips(tracks.frames(), config.clip_frames(), 8);
  const at::Tensor encoded =
      model.vqvae->encoder->forward(tracks.spectrograms(clips, model.scale));  // [B, D, T]
  model.vqvae->quantizer->initialise(encoded.transpose(1, 2).reshape({-1, config.vqvae.code_width}),
                                     {.seed = 3, .tokens_per_batch = 2000});
  model.prior_trained = true;
  model.eval();
  return model;
}

void save_model(const models::Model& model, const fs::path& folder) {
  fs::create_directories(folder);
  models::save_safetensors(folder / "model.safetensors", models::model_state(model));
}

}  // namespace minet::evaluation
