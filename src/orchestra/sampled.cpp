// Sampled instruments through the program fluidsynth and a General MIDI bank. Dry (no reverb, no
// chorus). Pitch is equal-tempered and vibrato the samples' own.
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
    if (std::filesystem::is_regular_file(bank, error)) return Sampler{*program, bank};
  }
  reason = text("no sound bank at ", printable(banks.front().string()),
                " (Debian's package fluid-soundfont-gm)");
  return std::nullopt;
}

std::vector<float> play_samples(const Sampler& sampler, const Instrument& instrument, Tune& tune,
                                double seconds, const std::filesystem::path& scratch) {
  std::vector<score::Note> notes;
  for (TuneNote& note : tune.notes) {
    note.cents = 0;
    notes.push_back({.onset_s = note.onset_s,
                     .duration_s = note.duration_s,
                     .pitch = note.pitch,
                     .velocity = note.velocity});
  }
  const auto midi = scratch / "render.mid", wav = scratch / "render.wav";
  save_file(midi,
            score::midi_bytes(score::midi_from_notes(notes, {.program = instrument.program})));
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
    throw WorkError(text("fluidsynth could not play ", instrument.name, " (exit code ",
                         result.exit_code, "): ", printable(trim(result.error_output))));
  }
  audio::Sound sound = audio::read_sound(wav, kSampleRate);
  std::error_code ignored;
  std::filesystem::remove(midi, ignored);
  std::filesystem::remove(wav, ignored);
  sound.samples.resize(static_cast<std::size_t>(std::llround(seconds * kSampleRate)));
  return std::move(sound.samples);
}

}  // namespace minet::orchestra
