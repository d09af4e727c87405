// Sampled instruments, using the program fluidsynth and a General MIDI bank. Dry (no reverb, no
// chorus). Pitch and vibrato are the samples' own; bank.cpp measures the pitch.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "minet/audio/sound.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/process.hpp"
#include "minet/core/text.hpp"
#include "minet/score/midi.hpp"
#include "orchestra/sound.hpp"

namespace minet::orchestra {
namespace {

constexpr int kDrums = 9;       // General MIDI's drum channel
constexpr int kBendRange = 12;  // semitones of a full pitch bend

std::vector<score::MidiEvent> bend_events(int channel, int semitones) {
  if (semitones == 0) return {};
  const auto control = static_cast<std::uint8_t>(0xB0 | channel);
  const auto wheel = static_cast<std::uint8_t>(0xE0 | channel);
  const auto message = [](std::uint8_t status, int first, int second) {
    return score::MidiEvent{.status = status,
                            .data = {static_cast<char>(first), static_cast<char>(second)}};
  };
  const int bend = 8192 + semitones * 8192 / kBendRange;
  return {message(control, 101, 0), message(control, 100, 0), message(control, 6, kBendRange),
          message(wheel, bend & 127, bend >> 7)};
}

}  // namespace

std::optional<Sampler> find_sampler(std::string& reason) {
  const auto program = find_program("fluidsynth");
  if (!program) {
    reason = "the program fluidsynth is not installed";
    return std::nullopt;
  }
  std::vector<std::filesystem::path> banks = {"/usr/share/sounds/sf2/FluidR3_GM.sf2",
                                              "/usr/share/soundfonts/FluidR3_GM.sf2"};
  if (const char* const chosen = std::getenv("MINET_SOUNDFONT"); chosen != nullptr)
    banks = {chosen};
  for (const auto& bank : banks) {
    std::error_code error;
    if (std::filesystem::is_regular_file(bank, error)) return Sampler{*program, bank, {}};
  }
  reason = text("no sound bank at ", printable(banks.front().string()),
                " (Debian's package fluid-soundfont-gm)");
  return std::nullopt;
}

std::vector<float> render(const Sampler& sampler, const score::MidiFile& file, double seconds,
                          const std::filesystem::path& scratch) {
  const auto midi = scratch / "render.mid", wav = scratch / "render.wav";
  save_file(midi, score::midi_bytes(file));
  const auto result = run_process({sampler.program,
                                   "-n",
                                   "-i",
                                   "-q",
                                   "-R",
                                   "0",
                                   "-C",
                                   "0",
                                   "-g",
                                   "0.5",
                                   "-r",
                                   text(kSampleRate),
                                   "-o",
                                   "synth.dynamic-sample-loading=1",
                                   "-T",
                                   "wav",
                                   "-O",
                                   "float",
                                   "-F",
                                   wav.string(),
                                   sampler.bank.string(),
                                   midi.string()},
                                  30 + 2 * seconds);
  if (result.exit_code != 0 || !std::filesystem::exists(wav)) {
    throw WorkError(text("fluidsynth could not play ", printable(sampler.bank.string()),
                         " (exit code ", result.exit_code,
                         "): ", printable(trim(result.error_output))));
  }
  audio::Sound sound = audio::read_sound(wav, kSampleRate);
  std::error_code ignored;
  std::filesystem::remove(midi, ignored);
  std::filesystem::remove(wav, ignored);
  sound.samples.resize(static_cast<std::size_t>(std::llround(seconds * kSampleRate)));
  return std::move(sound.samples);
}

std::vector<float> play_samples(const Sampler& sampler, const Instrument& instrument, Tune& tune,
                                double seconds, const std::filesystem::path& scratch) {
  const std::vector<Key>& keys = sampler.keys.at(instrument.code);
  // Notes by pitch bend, one channel each, since a bend affects all notes of its channel.
  std::map<int, std::vector<score::Note>> bent = {{0, {}}};
  for (TuneNote& note : tune.notes) {
    const Key& key = keys.at(static_cast<std::size_t>(note.pitch - instrument.low));
    note.cents = key.cents;
    bent[note.pitch - key.struck].push_back({.onset_s = note.onset_s,
                                             .duration_s = note.duration_s,
                                             .pitch = key.struck,
                                             .velocity = note.velocity});
  }
  score::MidiFile file;
  int channel = 0;
  for (const auto& [semitones, notes] : bent) {
    auto part = score::midi_from_notes(notes, {.channel = channel, .program = instrument.program});
    auto& events = part.tracks.front().events;
    const auto bend = bend_events(channel, semitones);
    events.insert(events.begin(), bend.begin(), bend.end());
    file.division = part.division;
    file.tracks.push_back(std::move(part.tracks.front()));
    if (++channel == kDrums) ++channel;
  }
  return render(sampler, file, seconds, scratch);
}

}  // namespace minet::orchestra
