#include "evaluation/examples.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <set>

#include "evaluation/material.hpp"
#include "minet/audio/inversion.hpp"
#include "minet/audio/picture.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/instruments.hpp"
#include "minet/generation/render.hpp"
#include "minet/generation/sampling.hpp"
#include "minet/models/spectrograms.hpp"

namespace minet::evaluation {
namespace {

// Below 1: fewer stray codes, still different at every seed.
constexpr double kTemperature = 0.7;

// Clips in the middle of tracks with notes, one an instrument while there are new ones.
std::vector<std::pair<training::Clip, std::string>> choose(const Material& material,
                                                           std::int64_t count) {
  const auto instruments = corpus::read_instruments(material.corpus);
  std::vector<std::pair<training::Clip, std::string>> chosen, spare;
  std::set<std::string> seen;
  const auto& tracks = material.tracks.tracks();
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const std::int64_t frames = material.tracks.frames()[i];
    if (!tracks[i].has_notes || frames < material.clip_frames()) continue;
    const auto found = instruments.find(tracks[i].id);
    const std::string instrument = found == instruments.end() ? "" : found->second;
    const training::Clip clip{.track = static_cast<std::int64_t>(i),
                              .first_frame = (frames - material.clip_frames()) / 2};
    (seen.insert(instrument).second ? chosen : spare).emplace_back(clip, instrument);
  }
  chosen.insert(chosen.end(), spare.begin(), spare.end());
  chosen.resize(std::min(chosen.size(), static_cast<std::size_t>(count)));
  return chosen;
}

}  // namespace

std::vector<Example> make_examples(const TablesOptions& options, const std::filesystem::path& model,
                                   std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  Material material({.model = model,
                     .corpus = options.corpus,
                     .clips = 1,
                     .seed = seed,
                     .device = options.device,
                     .threads = options.threads},
                    {.metric = "tables", .prior = true});
  const auto chosen = choose(material, options.examples);
  if (chosen.empty()) return {};
  std::vector<training::Clip> clips;
  for (const auto& [clip, instrument] : chosen) clips.push_back(clip);

  models::Model& network = material.model;
  const at::Tensor real = material.tracks.spectrograms(clips, network.scale);  // [B, F, T]
  const at::Tensor body = network.body->forward(material.tracks.poses(clips).to(material.device))
                              .unsqueeze(1)
                              .expand({-1, material.clip_frames(), -1})
                              .contiguous();  // [B, T, H]
  const at::Tensor notes = material.tracks.notes(clips).to(material.device);
  const generation::SamplingOptions sampling{.temperature = kTemperature, .seed = seed};
  const at::Tensor free = generation::sample_codes(network, body, {}, sampling);
  const at::Tensor played = generation::sample_codes(network, body, notes, sampling);

  const std::filesystem::path folder = options.out / "sound";
  std::filesystem::create_directories(folder);
  std::vector<Example> examples;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    Example example;
    example.track = material.tracks.tracks()[static_cast<std::size_t>(clips[i].track)].id;
    example.instrument = chosen[i].second;
    example.start_s = static_cast<double>(clips[i].first_frame) / network.config.frame_rate();
    std::optional<float> reference;
    const auto add = [&](const char* name, const char* file, const audio::Spectrogram& sound) {
      if (!reference) {
        reference = *std::max_element(sound.values.begin(), sound.values.end());
      }
      ExampleSound made;
      made.name = name;
      made.wav = folder / text(example.track, "-", file, ".wav");
      audio::save_wav(made.wav, audio::invert(sound, network.config.spectrogram));
      made.picture = audio::spectrogram_png(
          sound, {.sample_rate = static_cast<int>(network.config.spectrogram.sample_rate),
                  .reference = reference});
      example.sounds.push_back(std::move(made));
    };
    add("real", "real", models::to_magnitudes(network.scale, real[at]));
    add("from the body alone", "body", generation::decode_magnitudes(network, free[at]));
    add("from body and notes", "notes", generation::decode_magnitudes(network, played[at]));
    examples.push_back(std::move(example));
  }
  return examples;
}

}  // namespace minet::evaluation
