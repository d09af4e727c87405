#include "comparison/examples.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "evaluation/scene.hpp"
#include "minet/audio/inversion.hpp"
#include "minet/audio/picture.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/instruments.hpp"
#include "minet/models/spectrograms.hpp"

namespace minet::comparison {
namespace {

// Below 1: fewer stray codes, still different at every seed.
constexpr double kTemperature = 0.7;

struct Choice {
  clips::Clip clip;
  std::string instrument;  // may be empty
};

// Clips in the middle of tracks with notes, one an instrument while there are new ones.
std::vector<Choice> choose(const evaluation::Scene& scene, std::int64_t count) {
  const auto instruments = corpus::read_instruments(scene.corpus);
  std::vector<Choice> chosen, spare;
  std::set<std::string> seen;
  const auto& tracks = scene.tracks.tracks();
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const std::int64_t frames = scene.tracks.frames()[i];
    if (!tracks[i].has_notes || frames < scene.clip_frames()) continue;
    const auto found = instruments.find(tracks[i].id);
    const std::string instrument = found == instruments.end() ? "" : found->second;
    const clips::Clip clip{.track = static_cast<std::int64_t>(i),
                           .first_frame = (frames - scene.clip_frames()) / 2};
    (seen.insert(instrument).second ? chosen : spare).push_back({clip, instrument});
  }
  chosen.insert(chosen.end(), spare.begin(), spare.end());
  chosen.resize(std::min(chosen.size(), static_cast<std::size_t>(count)));
  return chosen;
}

}  // namespace

std::vector<Example> make_examples(const TablesOptions& options, const std::filesystem::path& model,
                                   std::uint64_t seed) {
  evaluation::Scene scene({.model = model,
                           .corpus = options.corpus,
                           .clips = 1,
                           .seed = seed,
                           .device = options.device,
                           .threads = options.threads},
                          "tables");
  const std::vector<Choice> chosen = choose(scene, options.examples);
  if (chosen.empty()) return {};
  std::vector<clips::Clip> clips;
  for (const Choice& choice : chosen) clips.push_back(choice.clip);

  evaluation::Subject& subject = *scene.subject;
  const config::SpectrogramConfig& shape = subject.config().spectrogram;
  evaluation::ClipInput input{
      .poses = scene.tracks.poses(clips), .seed = seed, .temperature = kTemperature};
  const at::Tensor real = scene.tracks.spectrograms(clips, subject.scale());  // [B, F, T]
  const at::Tensor free = subject.spectrograms(input);
  input.notes = scene.tracks.notes(clips);
  const at::Tensor played = subject.spectrograms(input);

  const std::filesystem::path folder = options.out / "sound";
  std::filesystem::create_directories(folder);
  std::vector<Example> examples;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    Example example{
        .track = scene.track(scene.tracks, clips[i]).id,
        .instrument = chosen[i].instrument,
        .start_s = static_cast<double>(clips[i].first_frame) / subject.config().frame_rate(),
        .sounds = {}};
    std::optional<float> reference;
    const auto add = [&](const char* name, const char* file, const at::Tensor& spectrograms) {
      const audio::Spectrogram sound =
          models::to_magnitudes(subject.scale(), spectrograms[static_cast<std::int64_t>(i)]);
      if (!reference) {
        reference = *std::max_element(sound.values.begin(), sound.values.end());
      }
      ExampleSound made;
      made.name = name;
      made.wav = folder / text(example.track, "-", file, ".wav");
      audio::save_wav(made.wav, audio::invert(sound, shape));
      made.picture = audio::spectrogram_png(
          sound, {.sample_rate = static_cast<int>(shape.sample_rate), .reference = reference});
      example.sounds.push_back(std::move(made));
    };
    add("real", "real", real);
    add("from the body alone", "body", free);
    add("from body and notes", "notes", played);
    examples.push_back(std::move(example));
  }
  return examples;
}

}  // namespace minet::comparison
