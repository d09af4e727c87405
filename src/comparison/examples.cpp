#include "comparison/examples.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "evaluation/clip_notes.hpp"
#include "evaluation/scene.hpp"
#include "minet/audio/inversion.hpp"
#include "minet/audio/picture.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/instruments.hpp"
#include "minet/models/spectrograms.hpp"

namespace minet::comparison {
namespace {

struct Choice {
  clips::Clip clip;
  std::string instrument;  // may be empty
};

// Clips from the middle of tracks, one per instrument as long as there are new ones.
std::vector<Choice> choose(const evaluation::Scene& scene, std::int64_t count, bool notes) {
  const auto instruments = corpus::read_instruments(scene.corpus);
  std::vector<Choice> chosen, spare;
  std::set<std::string> seen;
  const auto& tracks = scene.tracks.tracks();
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const std::int64_t frames = scene.tracks.frames()[i];
    if ((notes && !tracks[i].has_notes) || frames < scene.clip_frames()) continue;
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

// Makes the sounds of one model for the chosen clips.
class ExampleMaker {
 public:
  ExampleMaker(const TablesOptions& options, const std::filesystem::path& model, std::uint64_t seed)
      : scene_({.model = model,
                .corpus = options.corpus,
                .clips = 1,
                .seed = seed,
                .device = options.device,
                .threads = options.threads},
               "tables"),
        seed_(seed),
        folder_(options.out / "sound") {
    std::filesystem::create_directories(folder_);
  }

  const evaluation::Scene& scene() const { return scene_; }

  at::Tensor real(const std::vector<clips::Clip>& clips) const {  // [B, F, T]
    return scene_.tracks.spectrograms(clips, scene_.subject->scale());
  }
  at::Tensor generated(const std::vector<clips::Clip>& clips, bool notes) {  // [B, F, T]
    return scene_.subject->spectrograms({.poses = scene_.tracks.poses(clips),
                                         .notes = evaluation::given_notes(scene_, clips, notes),
                                         .sampling = {.seed = seed_}});
  }

  // Writes each clip's sound and adds it to its example; `references` holds the loudest magnitude
  // of each clip's first sound, which all its images share.
  void add(const char* name, const char* file, const at::Tensor& spectrograms,
           std::vector<Example>& examples, std::vector<float>& references) const {
    const config::SpectrogramConfig& shape = scene_.subject->config().spectrogram;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      const audio::Spectrogram sound = models::to_magnitudes(
          scene_.subject->scale(), spectrograms[static_cast<std::int64_t>(i)]);
      if (references.size() == i) {
        references.push_back(*std::max_element(sound.values.begin(), sound.values.end()));
      }
      ExampleSound made;
      made.name = name;
      made.wav = folder_ / text(examples[i].track, "-", file, ".wav");
      audio::save_wav(made.wav, audio::invert(sound, shape));
      made.picture = audio::spectrogram_png(
          sound, {.sample_rate = static_cast<int>(shape.sample_rate), .reference = references[i]});
      examples[i].sounds.push_back(std::move(made));
    }
  }

 private:
  evaluation::Scene scene_;
  std::uint64_t seed_;
  std::filesystem::path folder_;
};

}  // namespace

std::vector<Example> make_examples(const TablesOptions& options, const ExampleModels& models,
                                   std::uint64_t seed) {
  ExampleMaker free(options, models.free, seed);
  const evaluation::Scene& scene = free.scene();
  const std::vector<Choice> chosen = choose(scene, options.examples, models.told.has_value());
  if (chosen.empty()) return {};
  std::vector<clips::Clip> clips;
  std::vector<Example> examples;
  for (const Choice& choice : chosen) {
    clips.push_back(choice.clip);
    examples.push_back({.track = scene.track(scene.tracks, choice.clip).id,
                        .instrument = choice.instrument,
                        .start_s = static_cast<double>(choice.clip.first_frame) /
                                   scene.subject->config().frame_rate(),
                        .sounds = {}});
  }
  std::vector<float> references;
  free.add("real", "real", free.real(clips), examples, references);
  free.add("from the body alone", "body", free.generated(clips, false), examples, references);
  if (!models.told) return examples;
  ExampleMaker told(options, *models.told, seed);
  told.add("from body and notes", "notes", told.generated(clips, true), examples, references);
  return examples;
}

}  // namespace minet::comparison
