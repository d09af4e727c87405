// libFuzzer harness of the score room's readers: any bytes give notes or an InputError, what was
// read as MIDI is written and read back the same, and note indices come out for any notes.
//
// With libFuzzer: CXX=clang++ cmake --preset asan && ninja -C build/asan midi_fuzz, then
//   build/asan/bin/midi_fuzz -max_len=4096 -timeout=5 -rss_limit_mb=512 CORPUS_FOLDER
// With other compilers run_some.cpp drives it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "minet/core/errors.hpp"
#include "minet/score/midi.hpp"
#include "minet/score/note_indices.hpp"
#include "minet/score/notes.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minet::score;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const NoteList list = parse_notes(bytes, "fuzzed");
    for (const Note& note : list.notes) {
      require(note.onset_s >= 0 && note.duration_s > 0 && note.pitch >= 0 && note.pitch < 128);
    }
    NoteList voice = list;
    make_monophonic(voice);
    note_indices(list.notes, 250, 62.5, 1.0);
    require(parse_notes(notes_csv(voice.notes), "written").notes.size() == voice.notes.size());
  } catch (const minet::InputError&) {
  }
  try {
    const MidiFile file = parse_midi(bytes, "fuzzed");
    std::string written;
    try {
      written = midi_bytes(file);
    } catch (const minet::InputError&) {
      return 0;  // skipped events can leave a pause too long for one delta time
    }
    const MidiFile again = parse_midi(written, "written");
    require(again.repairs.empty() && again.format == file.format &&
            again.division == file.division && again.tracks == file.tracks);
  } catch (const minet::InputError&) {
  }
  return 0;
}
