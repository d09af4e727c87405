// A custom metric: how well a model's codes preserve the brightness of a sound, beside a noise
// floor and a baseline.
//
//   metric MODEL CORPUS     metric share/minet/models/paper corpus
//
// Brightness: the mean frequency of a frame, weighted by power. Error: the mean difference in
// semitones from the recorded sound, over the frames with sound in clips of the test split.
#include <ATen/ATen.h>

#include <cstdio>
#include <minet/clips/track_store.hpp>
#include <minet/core/errors.hpp>
#include <minet/models/model.hpp>

using namespace minet;

// Standardised log-spectrograms [B, F, T] -> semitones [B, T].
at::Tensor brightness(const at::Tensor& spectrograms, const models::Model& model) {
  const at::Tensor decibels = spectrograms * model.scale.deviation + model.scale.mean;
  const at::Tensor power = at::pow(10, decibels / 10);  // [B, F, T]
  const at::Tensor bins = at::arange(power.size(1)).view({1, -1, 1});
  return 12 * at::log2((power * bins).sum(1) / power.sum(1));
}

int main(int argc, char** argv) try {
  if (argc != 3) throw InputError("expected MODEL CORPUS");
  const at::NoGradGuard no_grad;
  at::set_num_threads(1);
  models::Model model = models::load_model(argv[1]);
  if (model.config.spectrogram.scale != config::LogScale::decibel)
    throw InputError("expected a model in decibels");
  const corpus::Corpus corpus = corpus::Corpus::open(argv[2]);
  const clips::TrackStore tracks(corpus, "test", model.config);
  const auto clips = clips::even_clips(tracks.frames(), model.config.clip_frames(), 8);
  if (clips.empty()) throw InputError("expected a test track as long as a clip, got none");

  const at::Tensor recorded = tracks.spectrograms(clips, model.scale);  // [B, F, T]
  const at::Tensor kept = model.vqvae->forward(recorded).reconstruction;
  const at::Tensor truth = brightness(recorded, model);
  const at::Tensor sounding = recorded.amax(1) > recorded.amax() - 40 / model.scale.deviation;
  const auto error = [&](const at::Tensor& other) {
    return (other - truth).abs().masked_select(sounding).mean().item<double>();
  };
  std::printf("%zu clips, brightness error in semitones\n", clips.size());
  std::printf("model                     %.2f\n", error(brightness(kept, model)));
  std::printf("floor: 16 ms later        %.2f\n", error(truth.roll(-1, -1)));
  std::printf("baseline: the mean        %.2f\n",
              error(truth.masked_select(sounding).mean().expand_as(truth)));
} catch (const Error& error) {
  std::fprintf(stderr, "metric: %s\n", error.what());
  return error.exit_code();
}
