// Recorded clips decoded from a model's codes, as magnitudes [T, F]: spectrograms that no sound
// has exactly, the input of phase reconstruction in practice (bench.py, invert-quality).
//
//   decoded_spectrograms MODEL CORPUS COUNT OUT_FOLDER
#include <ATen/ATen.h>

#include <filesystem>
#include <iostream>
#include <string>

#include "minet/clips/track_store.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/models/model.hpp"
#include "minet/models/spectrograms.hpp"

int main(int argc, char** argv) {
  using namespace minet;
  if (argc != 5) {
    std::cerr << "expected MODEL CORPUS COUNT OUT_FOLDER, got " << argc - 1 << " arguments\n";
    return 2;
  }
  try {
    const at::NoGradGuard no_grad;
    models::Model model = models::load_model(argv[1]);
    const corpus::Corpus corpus = corpus::Corpus::open(argv[2]);
    const clips::TrackStore store(corpus, "test", model.config);
    const auto clips =
        clips::even_clips(store.frames(), model.config.clip_frames(), std::stoll(argv[3]));
    for (std::size_t i = 0; i < clips.size(); ++i) {
      const at::Tensor codes = model.vqvae->encode(store.spectrograms({clips[i]}, model.scale));
      audio::Spectrogram made = models::to_magnitudes(model.scale, model.vqvae->decode(codes)[0]);
      save_npy(std::filesystem::path(argv[4]) / text(i, ".npy"),
               FloatArray{.shape = {made.frames, made.bins}, .values = std::move(made.values)});
    }
  } catch (const std::exception& error) {
    std::cerr << "decoded_spectrograms: " << error.what() << '\n';
    return 1;
  }
}
