// Makes the folder: one composition for each track, instruments taking turns.
#include "minet/orchestra/orchestra.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "minet/audio/sound.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/random.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/score/midi.hpp"
#include "orchestra/body.hpp"
#include "orchestra/detector.hpp"
#include "orchestra/sound.hpp"
#include "orchestra/tune.hpp"

namespace minet::orchestra {
namespace {

constexpr int kMostTracks = 10000;
constexpr double kLeastSeconds = 5, kMostSeconds = 3600;

void check(const OrchestraOptions& options) {
  if (options.tracks < 1 || options.tracks > kMostTracks) {
    throw InputError(text("expected 1 to ", kMostTracks, " tracks, got ", options.tracks, "."));
  }
  if (!(options.seconds >= kLeastSeconds && options.seconds <= kMostSeconds)) {
    throw InputError(text("expected ", kLeastSeconds, " to ", kMostSeconds,
                          " seconds a track, got ", to_text(options.seconds), "."));
  }
}

std::string notes_text(const Tune& tune) {
  std::string out;
  for (const TuneNote& note : tune.notes) {
    const auto rounded = [](double value, double steps) {
      return to_text(std::round(value * steps) / steps);
    };
    out += text(rounded(note.onset_s, 1e4), '\t', rounded(hz_of(note), 1e3), '\t',
                rounded(note.duration_s, 1e4), '\n');
  }
  return out;
}

std::string score_midi(const Instrument& instrument, const Tune& tune) {
  constexpr int kTicks = 480;  // a quarter note
  score::MidiFile file;
  file.format = 1;
  file.division.ticks_per_quarter = kTicks;
  score::MidiTrack track;
  track.events.push_back(
      score::midi_tempo(0, static_cast<int>(std::lround(60e6 / tune.beats_per_minute))));
  track.events.push_back(score::midi_program(0, 0, instrument.program));
  for (const TuneNote& note : tune.notes) {
    const auto tick = [&](double beat) {
      return static_cast<std::int64_t>(std::llround(beat * kTicks));
    };
    track.events.push_back(score::midi_note_on(tick(note.beat), 0, note.pitch, note.velocity));
    track.events.push_back(score::midi_note_off(tick(note.beat + note.beats), 0, note.pitch));
    track.end_tick = tick(note.beat + note.beats);
  }
  file.tracks.push_back(std::move(track));
  return score::midi_bytes(file);
}

FloatArray keypoints(const Instrument& instrument, const Tune& tune, double seconds,
                     std::uint64_t seed) {
  const Posture& posture = posture_of(instrument.code);
  const Player player = make_player(posture, seed);
  std::vector<double> times(static_cast<std::size_t>(std::ceil(seconds * kFps)));
  for (std::size_t i = 0; i < times.size(); ++i) times[i] = static_cast<double>(i) / kFps;
  std::vector<std::array<Pixel, pose::kJoints>> frames;
  frames.reserve(times.size());
  for (const Pose& pose : move(instrument, tune, times, seed)) {
    frames.push_back(photograph(player, shape_body(posture, player, pose)));
  }
  return {{static_cast<std::int64_t>(frames.size()), pose::kJoints, pose::kJointValues},
          detect(posture, frames, seed)};
}

class Maker {
 public:
  Maker(const OrchestraOptions& options, std::optional<Sampler> sampler)
      : options_(options), sampler_(std::move(sampler)), folder_(options.out, options.force) {}

  void make(int index, OrchestraReport& report) {
    const auto& all = instruments();
    const Instrument& instrument = all[static_cast<std::size_t>(index) % all.size()];
    // Everything about a track comes from its index, so that more tracks never change the first.
    const std::uint64_t seed =
        derive_seed(options_.seed, "orchestra", static_cast<std::uint64_t>(index));
    Tune tune = compose(instrument, options_.seconds, seed);
    std::vector<float> samples =
        sampler_ ? play_samples(*sampler_, instrument, tune, options_.seconds, folder_.path())
                 : synthesise(instrument, tune, options_.seconds, seed);
    record(samples, seed);

    const std::string number = text(index + 1 < 10 ? "0" : "", index + 1);
    const std::string piece = number + "_" + tune.title;
    const std::string folder = piece + "_" + instrument.code;
    const std::string part = "_1_" + instrument.code + "_" + piece;
    const auto at = safe_child(folder_.path(), folder);
    std::filesystem::create_directory(at);
    audio::save_wav(at / ("AuSep" + part + ".wav"), {kSampleRate, std::move(samples)});
    save_file(at / ("Notes" + part + ".txt"), notes_text(tune));
    save_file(at / ("Sco_" + folder + ".mid"), score_midi(instrument, tune));
    save_npy(at / ("Pose" + part + ".npy"), keypoints(instrument, tune, options_.seconds, seed));

    // The last of several tracks of an instrument is for testing.
    const int kinds = static_cast<int>(all.size());
    const bool test = index >= kinds && index + kinds >= options_.tracks;
    table_ += csv_line({folder + "/AuSep" + part + ".wav", folder + "/Pose" + part + ".npy",
                        folder + "/Notes" + part + ".txt", instrument.code, piece,
                        test ? "test" : "train", to_text(kFps)});
    ++report.tracks;
    ++report.tracks_of[instrument.code];
    report.test_tracks += test;
    report.seconds += options_.seconds;
    report.notes += static_cast<std::int64_t>(tune.notes.size());
  }

  void finish() {
    save_file(folder_.path() / "tracks.csv",
              csv_line({"audio", "pose", "notes", "instrument", "group", "split", "fps"}) + table_);
    folder_.commit();
  }

 private:
  const OrchestraOptions& options_;
  std::optional<Sampler> sampler_;
  FolderWriter folder_;
  std::string table_;
};

}  // namespace

std::vector<std::string> instrument_codes() {
  std::vector<std::string> codes;
  for (const Instrument& instrument : instruments()) codes.push_back(instrument.code);
  return codes;
}

SoundSource parse_sound_source(const std::string& name) {
  if (name == "auto") return SoundSource::automatic;
  if (name == "fluidsynth") return SoundSource::fluidsynth;
  if (name == "additive") return SoundSource::additive;
  throw InputError(
      text("expected the sound auto, fluidsynth or additive, got \"", printable(name), "\"."));
}

OrchestraReport make_orchestra(const OrchestraOptions& options) {
  check(options);
  OrchestraReport report;
  std::optional<Sampler> sampler;
  std::string reason = "as asked for";
  if (options.sound != SoundSource::additive) sampler = find_sampler(reason);
  if (!sampler && options.sound == SoundSource::fluidsynth) {
    throw WorkError(text("cannot use sampled instruments: ", reason,
                         "; install it, or take the built-in sound (additive)."));
  }
  report.sound = sampler ? SoundSource::fluidsynth : SoundSource::additive;
  report.why = sampler ? text("sampled sound: fluidsynth with ", printable(sampler->bank.string()))
                       : text("built-in additive sound: ", reason);

  Maker maker(options, std::move(sampler));
  Progress progress("orchestra", options.tracks, "tracks");
  for (int index = 0; index < options.tracks; ++index) {
    throw_if_stopped(text("track ", index + 1, "; nothing was written, start again"));
    maker.make(index, report);
    progress.update(index + 1);
  }
  maker.finish();
  progress.finish();
  return report;
}

}  // namespace minet::orchestra
