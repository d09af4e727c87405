// Files of one piece; see the header and minet/orchestra/orchestra.hpp.
#include "orchestra/ensemble.hpp"

#include <algorithm>
#include <cmath>

#include "minet/audio/sound.hpp"
#include "minet/core/access.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/score/midi.hpp"
#include "orchestra/body.hpp"
#include "orchestra/detector.hpp"
#include "orchestra/group_picture.hpp"

namespace minet::orchestra {
namespace {

std::string rounded(double value, double steps) {
  return to_text(std::round(value * steps) / steps);
}

std::string notes_text(const Tune& tune) {
  std::string out;
  for (const TuneNote& note : tune.notes) {
    out += text(rounded(note.onset_s, 1e4), '\t', rounded(hz_of(note), 1e3), '\t',
                rounded(note.duration_s, 1e4), '\n');
  }
  return out;
}

std::string pitch_text(const PitchCurve& curve) {
  std::string out;
  for (std::size_t i = 0; i < curve.hz.size(); ++i) {
    out += rounded(static_cast<double>(i) * PitchCurve::kHop_s, 1e2);
    out += '\t';
    out += rounded(curve.hz[i], 1e3);
    out += '\n';
  }
  return out;
}

// The pitch curve without vibrato, which only the sound bank knows.
PitchCurve steady(const Tune& tune, double seconds) {
  PitchCurve curve(seconds);
  for (const TuneNote& note : tune.notes) {
    const auto first = static_cast<std::size_t>(std::ceil(note.onset_s / PitchCurve::kHop_s));
    for (std::size_t i = first; i < curve.hz.size(); ++i) {
      if (static_cast<double>(i) * PitchCurve::kHop_s > note.onset_s + note.duration_s) break;
      curve.hz[i] = hz_of(note);
    }
  }
  return curve;
}

std::string score_midi(const std::vector<PlayedPart>& parts) {
  constexpr int kTicks = 480;  // per quarter note
  score::MidiFile file;
  file.format = 1;
  file.division.ticks_per_quarter = kTicks;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const Tune& tune = parts[p].tune;
    const int channel = static_cast<int>(p);
    score::MidiTrack track;
    if (p == 0) {
      track.events.push_back(
          score::midi_tempo(0, static_cast<int>(std::lround(60e6 / tune.beats_per_minute))));
    }
    track.events.push_back(score::midi_program(0, channel, parts[p].instrument->program));
    for (const TuneNote& note : tune.notes) {
      const auto tick = [&](double beat) {
        return static_cast<std::int64_t>(std::llround(beat * kTicks));
      };
      track.events.push_back(
          score::midi_note_on(tick(note.beat), channel, note.pitch, note.velocity));
      track.events.push_back(
          score::midi_note_off(tick(note.beat + note.beats), channel, note.pitch));
      track.end_tick = tick(note.beat + note.beats);
    }
    file.tracks.push_back(std::move(track));
  }
  return score::midi_bytes(file);
}

FloatArray keypoints(const PlayedPart& part, const OrchestraOptions& options, const Frame& frame) {
  const Posture& posture = posture_of(part.instrument->code);
  const Player player =
      placed(make_player(posture, part.seed, options.cameras, options.habits), frame);
  std::vector<double> times(static_cast<std::size_t>(std::ceil(options.seconds * kFps)));
  for (std::size_t i = 0; i < times.size(); ++i) times[i] = static_cast<double>(i) / kFps;
  std::vector<std::array<Pixel, pose::kJoints>> frames;
  frames.reserve(times.size());
  for (const Pose& pose : move(*part.instrument, part.tune, times, part.seed)) {
    frames.push_back(photograph(player, shape_body(posture, player, pose)));
  }
  return {{static_cast<std::int64_t>(frames.size()), pose::kJoints, pose::kJointValues},
          detect(posture, frames, part.seed)};
}

const Instrument& instrument_of(const std::string& code) {
  for (const Instrument& instrument : instruments()) {
    if (instrument.code == code) return instrument;
  }
  throw WorkError(text("no instrument ", code));
}

Role role_of(std::size_t part, std::size_t parts, const Instrument& instrument) {
  if (part == 0) return Role::melody;
  const bool low = instrument.low < 48;
  return part + 1 == parts && (parts > 2 || low) ? Role::bass : Role::inner;
}

// Saves the mix, attenuated if its peak is above -1 dB.
void save_mix(const std::filesystem::path& path, std::vector<float>& mix) {
  float peak = 1e-6f;
  for (const float sample : mix) peak = std::max(peak, std::abs(sample));
  const float gain = std::min(1.0f, 0.89f / peak);
  for (float& sample : mix) sample *= gain;
  audio::save_wav(path, {kSampleRate, std::move(mix)});
}

}  // namespace

std::vector<PlayedPart> rehearse(const Piece& piece, const OrchestraOptions& options) {
  const std::uint64_t seed = derive_seed(options.seed, "piece " + piece.group());
  const Composition composition = compose(options.seconds, seed);
  std::vector<PlayedPart> parts;
  for (std::size_t p = 0; p < static_cast<std::size_t>(piece.parts); ++p) {
    const std::string& code = piece.codes[p];
    PlayedPart part;
    part.instrument = &instrument_of(code);
    // Arrangements that share takes have the same player for the same part and instrument.
    part.seed = derive_seed(seed, "take " + code, p,
                            piece.shares_takes ? 0 : static_cast<std::uint64_t>(piece.number));
    part.tune = play_part(
        composition, *part.instrument,
        {.index = static_cast<int>(p), .role = role_of(p, piece.codes.size(), *part.instrument)},
        part.seed);
    part.name =
        text(p + 1, '_', code, '_', piece.number < 10 ? "0" : "", piece.number, '_', piece.title);
    parts.push_back(std::move(part));
  }
  return parts;
}

void make_piece(const Piece& piece, std::vector<PlayedPart>& parts, const OrchestraOptions& options,
                const std::optional<Sampler>& sampler, const std::filesystem::path& folder) {
  std::vector<float> mix;
  std::vector<FloatArray> group;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    PlayedPart& part = parts[p];
    std::vector<float> samples;
    PitchCurve curve(options.seconds);
    if (sampler) {
      samples = play_samples(*sampler, *part.instrument, part.tune, options.seconds, folder);
      curve = steady(part.tune, options.seconds);
    } else {
      samples = synthesise(*part.instrument, part.tune, options.seconds, part.seed, &curve);
    }
    record(samples, part.seed);
    if (options.mix) {
      mix.resize(samples.size());
      for (std::size_t i = 0; i < samples.size(); ++i) mix[i] += samples[i];
    }
    audio::save_wav(folder / ("AuSep_" + part.name + ".wav"), {kSampleRate, std::move(samples)});
    save_file(folder / ("Notes_" + part.name + ".txt"), notes_text(part.tune));
    save_file(folder / ("F0s_" + part.name + ".txt"), pitch_text(curve));
    if (options.pose == PoseFiles::npy) {
      save_npy(folder / ("Pose_" + part.name + ".npy"), keypoints(part, options, {}));
    } else {
      group.push_back(
          keypoints(part, options, {static_cast<int>(p), static_cast<int>(parts.size())}));
    }
  }
  if (options.mix) save_mix(folder / ("AuMix_" + piece.name() + ".wav"), mix);
  save_file(folder / ("Sco_" + piece.name() + ".mid"), score_midi(parts));
  if (options.pose == PoseFiles::openpose) {
    const std::string name = "Pose_" + piece.name();
    make_folders(folder / name);
    write_openpose(folder / name, piece.name(), group, derive_seed(parts[0].seed, "group"));
  }
}

}  // namespace minet::orchestra
