#include "evaluation/sound_chain.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "minet/audio/inversion.hpp"
#include "minet/core/random.hpp"
#include "minet/models/spectrograms.hpp"

namespace minet::evaluation {

audio::Sound real_sound(const Scene& scene, const clips::TrackStore& store,
                        const clips::Clip& clip) {
  const std::int64_t hop = scene.subject->config().spectrogram.hop;
  return audio::read_sound_segment(scene.corpus.audio_path(scene.track(store, clip)),
                                   clip.first_frame * hop, scene.clip_frames() * hop);
}

void for_each_chain(Scene& scene, const std::vector<clips::Clip>& clips,
                    const ChainOptions& options,
                    const std::function<void(std::size_t, std::span<const Stage>)>& action) {
  Subject& subject = *scene.subject;
  for_each_batch(scene.metric, clips, [&](std::size_t first, const std::vector<clips::Clip>& some) {
    const at::Tensor real = scene.tracks.spectrograms(some, subject.scale());  // [B, F, T]
    const at::Tensor coded = subject.reconstruction(real);
    const ClipInput input{.poses = scene.tracks.poses(some),
                          .notes = options.notes ? scene.tracks.notes(some) : at::Tensor(),
                          .seed = derive_seed(scene.options.seed, "generated", first)};
    const std::vector<audio::Sound> sounds = subject.sounds(input);
    const at::Tensor generated = sounds.empty() ? subject.spectrograms(input) : at::Tensor();
    std::vector<audio::Sound> recorded;
    for (const clips::Clip& clip : some) {
      recorded.push_back(real_sound(scene, scene.tracks, clip));
    }
    const std::vector<audio::Sound> again = subject.played_again(recorded, input.poses);
    for (std::size_t i = 0; i < some.size(); ++i) {
      // The same start of the phases for every stage, so that they differ by their magnitudes.
      const audio::InversionOptions inversion{
          .iterations = options.iterations,
          .seed = derive_seed(scene.options.seed, "phases", first + i),
          .threads = at::get_num_threads()};
      const auto invert = [&](const at::Tensor& spectrograms) {
        return audio::invert(
            models::to_magnitudes(subject.scale(), spectrograms[static_cast<std::int64_t>(i)]),
            subject.config().spectrogram, inversion);
      };
      std::vector<Stage> stages;
      stages.push_back({.name = "real", .sound = recorded[i]});
      stages.push_back({.name = "inverted", .sound = invert(real)});
      if (coded.defined()) stages.push_back({.name = "reconstruction", .sound = invert(coded)});
      if (!again.empty()) stages.push_back({.name = "reconstruction", .sound = again[i]});
      stages.push_back(
          {.name = "generated", .sound = sounds.empty() ? invert(generated) : sounds[i]});
      action(first + i, stages);
    }
  });
}

}  // namespace minet::evaluation
