#include "listening/listening_pairs.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "evaluation/sound_chain.hpp"
#include "minet/audio/loudness.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/instruments.hpp"

namespace minet::listening {
namespace {

constexpr double kTarget = -23;        // LUFS, EBU R 128
constexpr double kQuiet = -50;         // LUFS; quieter clips cannot be judged
constexpr float kPeak = 0.98F;         // of full scale of a 16-bit file
constexpr double kContourStep = 0.02;  // s
constexpr std::int64_t kPairsPerInstrument = 3, kPairsWithoutLabels = 39;

// All clips of the tracks in random order; every track has its first clip before any has its
// second, and so on.
std::vector<clips::Clip> in_turns(const evaluation::Scene& scene,
                                  const std::vector<std::int64_t>& tracks, Random& random) {
  std::vector<std::vector<clips::Clip>> by_track;
  for (const std::int64_t at : random.permutation(static_cast<std::int64_t>(tracks.size()))) {
    const std::int64_t track = tracks[static_cast<std::size_t>(at)];
    const std::int64_t clips =
        scene.tracks.frames()[static_cast<std::size_t>(track)] / scene.clip_frames();
    auto& of_track = by_track.emplace_back();
    for (const std::int64_t clip : random.permutation(clips)) {
      of_track.push_back({.track = track, .first_frame = clip * scene.clip_frames()});
    }
  }
  std::vector<clips::Clip> result;
  for (std::size_t turn = 0;; ++turn) {
    const std::size_t before = result.size();
    for (const auto& clips : by_track) {
      if (turn < clips.size()) result.push_back(clips[turn]);
    }
    if (result.size() == before) return result;
  }
}

// The clips of one instrument that are still available.
struct Supply {
  std::string instrument;
  std::vector<clips::Clip> clips;
  std::size_t next = 0;
};

std::optional<clips::Clip> take(const evaluation::Scene& scene, Supply& supply) {
  while (supply.next < supply.clips.size()) {
    const clips::Clip clip = supply.clips[supply.next++];
    const auto lufs = audio::loudness(evaluation::real_sound(scene, scene.tracks, clip));
    if (lufs && *lufs > kQuiet) return clip;
  }
  return std::nullopt;
}

void amplify(audio::Sound& sound, double factor) {
  for (float& sample : sound.samples) sample *= static_cast<float>(factor);
}

float peak_of(const audio::Sound& sound) {
  float peak = 0;
  for (const float sample : sound.samples) peak = std::max(peak, std::abs(sample));
  return peak;
}

}  // namespace

std::vector<ListeningClip> choose_listening_clips(const evaluation::Scene& scene,
                                                  const ListeningOptions& options) {
  const auto labels = corpus::read_instruments(scene.corpus);
  std::map<std::string, std::vector<std::int64_t>> tracks_of;
  for (std::size_t i = 0; i < scene.tracks.tracks().size(); ++i) {
    const auto label = labels.find(scene.tracks.tracks()[i].id);
    tracks_of[label == labels.end() ? "" : label->second].push_back(static_cast<std::int64_t>(i));
  }
  Random random(derive_seed(scene.options.seed, "listening clips"));
  std::vector<Supply> supplies;
  for (const auto& [instrument, tracks] : tracks_of) {
    supplies.push_back({.instrument = instrument, .clips = in_turns(scene, tracks, random)});
  }
  const bool labelled = !tracks_of.contains("");
  const std::int64_t pairs = options.pairs > 0 ? options.pairs
                             : labelled
                                 ? kPairsPerInstrument * static_cast<std::int64_t>(supplies.size())
                                 : kPairsWithoutLabels;

  // In random order: fewer pairs than instruments, and the catch trials, should not be of the first
  // in the alphabet.
  const auto order = Random(derive_seed(scene.options.seed, "order of instruments"))
                         .permutation(std::ssize(supplies));
  std::vector<ListeningClip> chosen;
  for (std::int64_t i = 0; i < pairs + options.catch_trials; ++i) {
    const std::int64_t turn = order[static_cast<std::size_t>(i) % order.size()];
    Supply& supply = supplies[static_cast<std::size_t>(turn)];
    const auto clip = take(scene, supply);
    if (!clip) {
      throw InputError(
          text(scene.options.corpus.string(), ": expected ", pairs, " pairs and ",
               options.catch_trials, " catch trials of ", scene.subject->config().data.clip_seconds,
               " s from split '", scene.options.split, "', but ",
               supply.instrument.empty() ? "it"
                                         : text("instrument '", printable(supply.instrument), "'"),
               " has only ",
               std::count_if(
                   chosen.begin(), chosen.end(),
                   [&](const ListeningClip& some) { return some.instrument == supply.instrument; }),
               " clips that can be heard; ask for fewer with the option 'pairs' or the option "
               "'catch_trials'"));
    }
    chosen.push_back({.clip = *clip, .instrument = supply.instrument, .catch_trial = i >= pairs});
  }
  return chosen;
}

void match_loudness(audio::Sound& one, audio::Sound& other) {
  for (audio::Sound* sound : {&one, &other}) {
    const auto lufs = audio::loudness(*sound);
    if (lufs) amplify(*sound, std::pow(10.0, (kTarget - *lufs) / 20));
  }
  const float peak = std::max(peak_of(one), peak_of(other));
  if (peak <= kPeak) return;
  amplify(one, kPeak / peak);
  amplify(other, kPeak / peak);
}

audio::Sound noise_like(const audio::Sound& sound, std::uint64_t seed) {
  Random random(seed);
  audio::Sound noise = sound;
  const auto step = static_cast<std::size_t>(kContourStep * sound.sample_rate);
  for (std::size_t first = 0; first < sound.samples.size(); first += step) {
    const std::size_t last = std::min(sound.samples.size(), first + step);
    double squares = 0;
    for (std::size_t i = first; i < last; ++i) {
      squares += static_cast<double>(sound.samples[i]) * sound.samples[i];
    }
    const double level = std::sqrt(squares / static_cast<double>(last - first));
    for (std::size_t i = first; i < last; ++i) {
      noise.samples[i] = static_cast<float>(level * random.normal());
    }
  }
  return noise;
}

}  // namespace minet::listening
