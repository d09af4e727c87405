// Clips to listen to: as recorded, with reconstructed phases, and through the codes.
#include "evaluation/sound_examples.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "minet/audio/inversion.hpp"
#include "minet/audio/sound.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/generation/render.hpp"
#include "minet/models/spectrograms.hpp"
#include "minet/score/notes.hpp"

namespace minet::evaluation {
namespace {

// The notes that sound between start_s and end_s, with times from start_s.
std::vector<score::Note> notes_between(const std::vector<score::Note>& all, double start_s,
                                       double end_s) {
  std::vector<score::Note> result;
  for (score::Note note : all) {
    const double end = std::min(note.end_s(), end_s);
    note.onset_s = std::max(note.onset_s, start_s);
    note.duration_s = end - note.onset_s;
    note.onset_s -= start_s;
    if (note.duration_s > 0) result.push_back(note);
  }
  return result;
}

void quieten(audio::Sound& sound) {  // if it would clip
  float peak = 0;
  for (const float sample : sound.samples) peak = std::max(peak, std::abs(sample));
  if (peak <= 1) return;
  for (float& sample : sound.samples) sample /= peak;
}

}  // namespace

SoundExamples::SoundExamples(const ReconstructionOptions& options)
    : folder_(options.sound.value(), options.force), iterations_(options.invert_iterations) {}

void SoundExamples::write(Scene& scene) {
  const at::NoGradGuard no_grad;
  models::Model& model = scene.model();
  const config::TrainConfig& config = model.config;
  const std::int64_t frames = scene.clip_frames();
  for_each_batch("sound", scene.clips, [&](std::size_t, const auto& some) {
    const at::Tensor spectrograms = scene.tracks.spectrograms(some, model.scale);  // [B, F, T]
    const at::Tensor codes = model.vqvae->encode(spectrograms.to(scene.device));   // [B, T]
    for (std::size_t i = 0; i < some.size(); ++i) {
      const clips::Clip& clip = some[i];
      const corpus::Track& track = scene.tracks.tracks()[static_cast<std::size_t>(clip.track)];
      const double start_s = static_cast<double>(clip.first_frame) / config.frame_rate();
      const std::string name = text(track.id, "-", std::llround(1000 * start_s), "-");
      const auto path = [&](const char* what) { return folder_.path() / (name + what); };
      const auto row = static_cast<std::int64_t>(i);
      const audio::InversionOptions inversion{
          .iterations = iterations_,
          .seed = derive_seed(scene.options.seed, "phases", static_cast<std::uint64_t>(clip.track),
                              static_cast<std::uint64_t>(clip.first_frame)),
          .threads = at::get_num_threads()};
      const audio::Sound real = audio::read_sound_segment(scene.corpus.audio_path(track),
                                                          clip.first_frame * config.spectrogram.hop,
                                                          frames * config.spectrogram.hop);
      audio::save_wav(path("real.wav"), real);
      audio::Sound inverted = audio::invert(models::to_magnitudes(model.scale, spectrograms[row]),
                                            config.spectrogram, inversion);
      quieten(inverted);
      audio::save_wav(path("inverted.wav"), inverted);
      audio::save_wav(path("reconstruction.wav"), generation::render(model, codes[row], inversion));
      if (track.has_notes) {
        save_file(path("notes.csv"),
                  score::notes_csv(notes_between(scene.corpus.read_notes(track), start_s,
                                                 start_s + scene.clip_seconds())));
      }
    }
  });
  folder_.commit();
}

}  // namespace minet::evaluation
