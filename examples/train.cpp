// Trains a small model of the paper's kind on custom tensors: four tones, with random keypoints.
//
//   train OUT.safetensors     then: play OUT.safetensors KEYPOINTS OUT.wav
#include <ATen/ATen.h>

#include <cstdio>
#include <minet/core/errors.hpp>
#include <minet/training/steps.hpp>

using namespace minet;

int main(int argc, char** argv) try {
  if (argc != 2) throw InputError("expected OUT.safetensors");
  at::set_num_threads(1);
  config::TrainConfig config;  // the paper's; every key: docs/configuration.md
  config.data.clip_seconds = 1;
  config.vqvae.channels = 32;
  config.vqvae.codes = 16;
  config.vqvae.plain_steps = 30;   // a plain autoencoder at first
  config.content.enabled = false;  // no notes
  config.vqvae_training = {.steps = 60, .batch = 4, .learning_rate = 2e-3, .warmup_steps = 5};
  config.prior_training = config.vqvae_training;
  models::Model model = models::make_model(config, /*seed=*/1);
  model.scale = {.reference = 300, .mean = -60, .deviation = 20};  // for all sounds, in dB

  const std::int64_t frames = config.clip_frames();
  std::vector<at::Tensor> sounds;
  for (const int hz : {220, 440, 660, 880}) {
    const at::Tensor tone = at::sin(at::arange((frames - 1) * 256) * (2 * M_PI * hz / 16000));
    const float* const first = tone.const_data_ptr<float>();
    const audio::Sound sound{16000, {first, first + tone.numel()}};
    audio::Spectrogram spectrogram = audio::magnitude(sound, config.spectrogram);  // [T, F]
    audio::to_log(model.scale, spectrogram.values);
    sounds.push_back(at::tensor(spectrogram.values).view({frames, -1}).t());
  }
  const at::Tensor spectrograms = at::stack(sounds);                           // [B, F, T]
  const at::Tensor keypoints = at::randn({4, config.clip_pose_frames(), 94});  // [B, P, 94]

  training::VqVaeStep first(model, config);
  for (std::int64_t step = 0; step < config.vqvae_training.steps; ++step) {
    if (step == config.vqvae.plain_steps) {
      const at::Tensor encoded = model.vqvae->encoder->forward(spectrograms).detach();
      first.start_codebook(encoded.transpose(1, 2).flatten(0, 1));  // [B, D, T] -> [M, D]
    }
    const auto report = first.run(spectrograms, step);
    if (step % 10 == 9) std::printf("VQ-VAE: L2 %.3f\n", report.reconstruction.item<double>());
  }
  training::PriorStep second(model, config);
  const models::PriorBatch batch{model.vqvae->encode(spectrograms), keypoints, {}, {}};
  for (std::int64_t step = 0; step < config.prior_training.steps; ++step) {
    const auto report = second.run(batch, step);
    if (step % 10 == 9) std::printf("prior: %.3f nats a code\n", report.loss.item<double>());
  }
  model.prior_trained = true;
  models::save_safetensors(argv[1], models::model_state(model));
} catch (const Error& error) {
  std::fprintf(stderr, "train: %s\n", error.what());
  return error.exit_code();
}
