#include "support/small_corpus.hpp"

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include "minet/audio/sound.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/prepare.hpp"
#include "minet/pose/pose.hpp"
#include "minet/score/notes.hpp"
#include "support/temp_folder.hpp"

namespace minet {
namespace fs = std::filesystem;
namespace {

std::vector<score::Note> tune(int track, double seconds) {
  std::vector<score::Note> notes;
  for (int i = 0; 0.5 * (i + 1) <= seconds; ++i) {
    notes.push_back(
        {.onset_s = 0.5 * i, .duration_s = 0.45, .pitch = 50 + 3 * track + (i * 5) % 12});
  }
  return notes;
}

// Three decaying partials per note.
audio::Sound play(const std::vector<score::Note>& notes, double seconds) {
  audio::Sound sound{.sample_rate = 16000, .samples = {}};
  sound.samples.resize(static_cast<std::size_t>(std::llround(seconds * 16000)));
  for (const score::Note& note : notes) {
    const double hz = score::hz_of_pitch(note.pitch);
    const auto first = static_cast<std::size_t>(note.onset_s * 16000);
    const auto count = static_cast<std::size_t>(note.duration_s * 16000);
    for (std::size_t i = 0; i < count && first + i < sound.samples.size(); ++i) {
      const double t = static_cast<double>(i) / 16000;
      double value = 0;
      for (int partial = 1; partial <= 3; ++partial) {
        value += std::sin(2 * std::numbers::pi * hz * partial * t) / partial;
      }
      sound.samples[first + i] = static_cast<float>(0.2 * std::exp(-2 * t) * value);
    }
  }
  return sound;
}

pose::PoseSequence player(int track, std::int64_t frames) {
  pose::PoseSequence pose{
      .fps = 25,
      .frames = frames,
      .data = std::vector<float>(static_cast<std::size_t>(frames) * pose::kJoints * 3, 0.0f)};
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    for (int joint = 0; joint < pose::kJoints; ++joint) {
      float* const values = pose.joint(frame, joint);
      const double angle = 0.1 * (track + 1) * static_cast<double>(frame) + joint;
      values[0] = 300 + 10 * static_cast<float>(joint % 7 + track) +
                  5 * static_cast<float>(std::sin(angle));
      values[1] = 200 + 6 * static_cast<float>(joint) + 5 * static_cast<float>(std::cos(angle));
      values[2] = 0.9f;
    }
  }
  return pose;
}

}  // namespace

fs::path make_corpus(const fs::path& folder, const SmallCorpus& options) {
  const fs::path source = folder / "source";
  fs::create_directories(source);
  std::string rows = text("id,audio,pose,split", options.notes ? ",notes" : "",
                          options.instruments ? ",instrument" : "", "\n");
  const int tracks = options.train_tracks + options.test_tracks;
  for (int track = 0; track < tracks; ++track) {
    const std::string name = text("track", track);
    const std::vector<score::Note> notes = tune(track, options.seconds);
    audio::save_wav(source / (name + ".wav"), play(notes, options.seconds));
    pose::save_pose_npy(source / (name + ".npy"),
                        player(track, std::llround(options.seconds * 25)));
    spill(source / (name + ".csv"), score::notes_csv(notes));
    const bool has_notes = track < tracks - options.last_without_notes;
    rows += text(
        name, ",", name, ".wav,", name, ".npy,", track < options.train_tracks ? "train" : "test",
        options.notes ? text(",", has_notes ? name + ".csv" : std::string()) : std::string(),
        options.instruments ? text(",", track % 2 == 0 ? "vn" : "fl") : std::string(), "\n");
  }
  spill(source / "tracks.csv", rows);
  const fs::path corpus = folder / "corpus";
  corpus::prepare_folder({.table = source / "tracks.csv", .out = corpus, .threads = 1});
  return corpus;
}

}  // namespace minet
