#include "evaluation/support.hpp"

#include <ATen/ATen.h>

#include <fstream>

#include "minet/clips/track_store.hpp"
#include "minet/config/config.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/models/safetensors.hpp"
#include "support/source_folder.hpp"
#include "support/temp_folder.hpp"

namespace minet::evaluation {
namespace fs = std::filesystem;
namespace {

fs::path golden(const std::string& name) {
  return minet::source_folder() / "tests" / "evaluation" / "golden" / name;
}

}  // namespace

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
  model.notes_trained = config.content.enabled;
  model.eval();
  return model;
}

void save_model(const models::Model& model, const fs::path& folder) {
  fs::create_directories(folder);
  models::save_safetensors(folder / "model.safetensors", models::model_state(model));
}

}  // namespace minet::evaluation
