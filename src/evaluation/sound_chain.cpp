#include "evaluation/sound_chain.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <optional>
#include <utility>

#include "evaluation/clip_notes.hpp"
#include "evaluation/coded_clips.hpp"
#include "minet/audio/inversion.hpp"
#include "minet/core/random.hpp"
#include "minet/models/spectrograms.hpp"

namespace minet::evaluation {
namespace {

// A stage's output for a batch of clips: spectrograms yet to be inverted, or sounds.
struct Made {
  std::string stage;
  at::Tensor codes = {};         // [B, T], or undefined
  at::Tensor spectrograms = {};  // [B, F, T], or undefined
  std::vector<audio::Sound> sounds = {};
};

Made generated(Subject& subject, const std::string& stage, const ClipInput& input) {
  Made made{.stage = stage, .codes = subject.draw(input)};
  if (made.codes.defined()) {
    made.spectrograms = subject.decode(made.codes);
    return made;
  }
  made.sounds = subject.sounds(input);
  if (made.sounds.empty()) made.spectrograms = subject.spectrograms(input);
  return made;
}

// Clip `i` of the batch that begins with clip `first`. All stages start from the same phases, so
// that they differ only in their magnitudes.
Stage stage_of(const Scene& scene, const Made& made, std::size_t first, std::size_t i,
               std::int64_t iterations) {
  const auto row = static_cast<std::int64_t>(i);
  Stage stage{.name = made.stage, .sound = {}};
  if (made.codes.defined()) stage.codes = sequence_of(made.codes[row]);
  stage.sound =
      made.spectrograms.defined()
          ? audio::invert(models::to_magnitudes(scene.subject->scale(), made.spectrograms[row]),
                          scene.subject->config().spectrogram,
                          {.iterations = iterations,
                           .seed = derive_seed(scene.options.seed, "phases", first + i),
                           .threads = at::get_num_threads()})
          : made.sounds[i];
  return stage;
}

}  // namespace

audio::Sound real_sound(const Scene& scene, const clips::TrackStore& store,
                        const clips::Clip& clip) {
  const std::int64_t hop = scene.subject->config().spectrogram.hop;
  return audio::read_sound_segment(scene.corpus.audio_path(scene.track(store, clip)),
                                   clip.first_frame * hop, scene.clip_frames() * hop);
}

std::vector<Stage> generated_stages(Scene& scene, std::size_t first, const ClipInput& input,
                                    std::int64_t iterations) {
  const Made made = generated(*scene.subject, "generated", input);
  std::vector<Stage> stages;
  for (std::size_t i = 0; i < static_cast<std::size_t>(input.poses.size(0)); ++i) {
    stages.push_back(stage_of(scene, made, first, i, iterations));
  }
  return stages;
}

void for_each_chain(Scene& scene, const std::vector<clips::Clip>& clips,
                    const ChainOptions& options,
                    const std::function<void(std::size_t, std::span<const Stage>)>& action) {
  Subject& subject = *scene.subject;
  for_each_batch(scene.metric, clips, [&](std::size_t first, const std::vector<clips::Clip>& some) {
    ClipInput input{.poses = scene.tracks.poses(some),
                    .notes = given_notes(scene, some, options.notes),
                    .sampling = scene.sampling("generated", first)};
    std::vector<audio::Sound> recorded;
    for (const clips::Clip& clip : some) {
      recorded.push_back(real_sound(scene, scene.tracks, clip));
    }
    std::vector<Made> all{
        {.stage = "inverted", .spectrograms = scene.tracks.spectrograms(some, subject.scale())}};
    const at::Tensor codes = subject.encode(all.front().spectrograms);
    if (codes.defined()) {
      all.push_back(
          {.stage = "reconstruction", .codes = codes, .spectrograms = subject.decode(codes)});
    }
    std::vector<audio::Sound> again = subject.played_again(recorded, input.poses);
    if (!again.empty()) all.push_back({.stage = "reconstruction", .sounds = std::move(again)});
    all.push_back(generated(subject, "generated", input));
    if (options.notes && options.alone) {
      input.notes.reset();
      all.push_back(generated(subject, "keypoints_alone", input));
    }
    for (std::size_t i = 0; i < some.size(); ++i) {
      std::vector<Stage> stages{{.name = "real", .sound = recorded[i]}};
      for (const Made& made : all) {
        stages.push_back(stage_of(scene, made, first, i, options.iterations));
      }
      action(first + i, stages);
    }
  });
}

}  // namespace minet::evaluation
