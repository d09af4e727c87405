// Without LibTorch: a sound to a spectrogram and back, notes to steps, a configuration.
#include <cmath>
#include <cstdio>
#include <minet/audio/inversion.hpp>
#include <minet/config/config.hpp>
#include <minet/score/note_indices.hpp>
#include <numbers>

int main() {
  const minet::config::TrainConfig config =
      minet::config::parse_train_config("vqvae: {channels: 64}", "text");
  minet::audio::Sound sound{.sample_rate = 16000, .samples = std::vector<float>(16000)};
  for (std::size_t i = 0; i < sound.samples.size(); ++i) {
    sound.samples[i] = static_cast<float>(
        0.5 * std::sin(2 * std::numbers::pi * 440 * static_cast<double>(i) / 16000));
  }
  const auto magnitudes = minet::audio::magnitude(sound, config.spectrogram);
  const auto again = minet::audio::invert(magnitudes, config.spectrogram, {.iterations = 2});
  const std::vector<minet::score::Note> notes{{.onset_s = 0, .duration_s = 1, .pitch = 69}};
  const auto steps = minet::score::note_indices(notes, 62, config.frame_rate());
  std::printf("channels %lld, %lld frames, %zu samples, step %lld\n",
              static_cast<long long>(config.vqvae.channels),
              static_cast<long long>(magnitudes.frames), again.samples.size(),
              static_cast<long long>(steps[0]));
  return config.vqvae.channels == 64 && magnitudes.frames == 63 && steps[0] == 70 ? 0 : 1;
}
