// The score room's readers: any bytes give notes or an InputError, MIDI that was read is written
// and read back the same, and any notes give note indices.
#include <string>
#include <string_view>

#include "fuzz/target.hpp"
#include "minet/core/errors.hpp"
#include "minet/score/midi.hpp"
#include "minet/score/note_indices.hpp"
#include "minet/score/notes.hpp"

namespace minet::fuzz {

void score(std::string_view bytes) {
  using namespace minet::score;
  try {
    const NoteList list = parse_notes(bytes, "fuzzed");
    for (const Note& note : list.notes) {
      require(note.onset_s >= 0 && note.duration_s > 0 && note.pitch >= 0 && note.pitch < 128,
              "notes are notes");
    }
    NoteList voice = list;
    make_monophonic(voice);
    note_indices(list.notes, 250, 62.5, 1.0);
    require(parse_notes(notes_csv(voice.notes), "written").notes.size() == voice.notes.size(),
            "written notes are read");
  } catch (const minet::InputError&) {
  }
  try {
    const MidiFile file = parse_midi(bytes, "fuzzed");
    std::string written;
    try {
      written = midi_bytes(file);
    } catch (const minet::InputError&) {
      return;  // skipped events can leave a pause too long for one delta time
    }
    const MidiFile again = parse_midi(written, "written");
    require(again.repairs.empty() && again.format == file.format &&
                again.division == file.division && again.tracks == file.tracks,
            "a written file is read the same");
  } catch (const minet::InputError&) {
  }
}

}  // namespace minet::fuzz
