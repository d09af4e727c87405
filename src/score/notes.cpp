// Note lists from text files and MIDI, their reduction to one voice, and notes.csv.
#include "minet/score/notes.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/file_kind.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/score/midi.hpp"
#include "score/note_order.hpp"
#include "score/repairs.hpp"

namespace minet::score {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The position of a number, for messages.
struct Place {
  const std::string& name;  // printable
  std::size_t line;
};

[[noreturn]] void fail(const Place& place, const std::string& what) {
  throw InputError(text(place.name, ", line ", place.line, ": ", what));
}

double finite_number(const Place& place, std::string_view cell, std::string_view what,
                     char separator = ',') {
  const std::optional<double> value = parse_cell(cell, separator);
  if (!value || !std::isfinite(*value)) {
    fail(place, text("expected a number for ", what, ", got '", printable(cell.substr(0, 40)),
                     "'; correct the line"));
  }
  return *value;
}

// Adds a note to the list, repaired if necessary, or drops it.
void take_note(NoteList& list, Note note, const Place& place, Repairs& repairs) {
  if (note.duration_s <= 0 || note.end_s() <= 0) {
    repairs.add("length", [&] {
      return text("line ", place.line, ": a note of ", to_text(note.duration_s), " s at ",
                  to_text(note.onset_s), " s has no length after 0 s; dropped");
    });
    return;
  }
  if (note.onset_s < 0) {
    repairs.add("early", [&] {
      return text("line ", place.line, ": a note begins at ", to_text(note.onset_s),
                  " s; cut to begin at 0 s");
    });
    note.duration_s = note.end_s();
    note.onset_s = 0;
  }
  if (note.end_s() > kMaxScoreSeconds) {
    fail(place, text("expected notes within ", human_duration(kMaxScoreSeconds), ", got one to ",
                     to_text(note.end_s()), " s; times are in seconds"));
  }
  if (note.end_s() <= note.onset_s) {  // a length below the onset's rounding
    repairs.add("length", [&] {
      return text("line ", place.line, ": a note of ", to_text(note.duration_s),
                  " s has no length; dropped");
    });
    return;
  }
  if (std::ssize(list.notes) == kMaxNotes) {
    fail(place, text("expected at most ", kMaxNotes, " notes, got more; split the file"));
  }
  list.notes.push_back(note);
}

// Warns of times that may be in milliseconds, which show only in notes that are far too long.
void warn_of_long_notes(NoteList& list) {
  constexpr double kLongS = 20;  // longer than a breath or a bow
  if (list.notes.size() < 2) return;
  std::vector<double> durations;
  for (const Note& note : list.notes) durations.push_back(note.duration_s);
  const auto middle = durations.begin() + std::ssize(durations) / 2;
  std::nth_element(durations.begin(), middle, durations.end());
  if (*middle < kLongS) return;
  list.repairs.push_back(
      text("half of the notes last ", to_text(*middle),
           " s or more: times are taken as seconds; divide them by 1000 if they are "
           "milliseconds"));
}

// The first `count` fields, separated by white space; fewer if the line has fewer.
std::vector<std::string_view> fields_of(std::string_view line, std::size_t count) {
  constexpr std::string_view kSpace = " \t\r\v\f";
  std::vector<std::string_view> fields;
  std::size_t at = line.find_first_not_of(kSpace);
  while (at != std::string_view::npos && fields.size() < count) {
    const std::size_t end = std::min(line.find_first_of(kSpace, at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kSpace, end);
  }
  return fields;
}

// The first three numbers of a line.
struct Row {
  double first = 0, second = 0, third = 0;
};

// Whether the columns are onset, offset, pitch (as MIREX and mir_eval write them) instead of onset,
// pitch, duration: every second number is up to 60 s after the onset, and every third is a pitch in
// Hz or a MIDI number. In URMP's own rows the second is in Hz and does not follow the onsets, and
// the third is in seconds.
bool are_offsets(const std::vector<Row>& rows) {
  constexpr double kLongestNote = 60;  // s
  constexpr double kLowestPitch = 20;  // Hz or MIDI number: longer than most notes
  // In a single row, a second number of 20 or more is a pitch in Hz: no instrument plays lower.
  if (rows.empty() || (rows.size() == 1 && rows[0].second >= kLowestPitch)) return false;
  return std::all_of(rows.begin(), rows.end(), [](const Row& row) {
    return row.second > row.first && row.second - row.first < kLongestNote &&
           row.third >= kLowestPitch;
  });
}

std::vector<Row> rows_of(std::string_view bytes) {
  std::vector<Row> rows;
  for (std::size_t begin = 0; begin < bytes.size();) {
    const std::size_t end = std::min(bytes.find_first_of("\r\n", begin), bytes.size());
    const auto fields = fields_of(bytes.substr(begin, end - begin), 3);
    begin = end + 1;
    if (fields.size() < 3) continue;
    const auto first = parse_double(fields[0]), second = parse_double(fields[1]),
               third = parse_double(fields[2]);
    if (first && second && third) rows.push_back({*first, *second, *third});
  }
  return rows;
}

NoteList parse_urmp(std::string_view bytes, const std::string& name) {
  if (are_offsets(rows_of(bytes))) {
    throw InputError(
        text(name, ": expected the columns onset (s), pitch (Hz) and duration (s), got ",
             "what looks like onset, offset and pitch, as MIREX and mir_eval write ",
             "them; write a CSV with the columns onset_s, duration_s and pitch, where ",
             "the duration is offset minus onset"));
  }
  NoteList list;
  list.format = "URMP notes";
  Repairs repairs;
  std::size_t line_number = 0;
  while (!bytes.empty()) {
    // Line ends: \n, \r\n, or a lone \r in old files.
    const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    const std::size_t end_size = bytes.substr(end, 2) == "\r\n" ? 2 : 1;
    bytes.remove_prefix(std::min(end + end_size, bytes.size()));
    const Place place{name, ++line_number};
    const auto fields = fields_of(line, 3);
    if (fields.empty()) continue;
    if (fields.size() < 3) {
      fail(place, text("expected onset (s), pitch (Hz) and duration (s), got ", fields.size(),
                       " fields; complete the line"));
    }
    Note note{.onset_s = finite_number(place, fields[0], "the onset"),
              .duration_s = finite_number(place, fields[2], "the duration")};
    const double hz = finite_number(place, fields[1], "the pitch");
    if (hz <= 0) {
      repairs.add("pitch", [&] {
        return text("line ", place.line, ": a note of ", to_text(hz), " Hz has no pitch; dropped");
      });
      continue;
    }
    note.pitch = pitch_of_hz(hz);
    if (note.pitch < 0 || note.pitch > 127) {
      fail(place, text("expected a pitch of 8 to 12900 Hz, got ", to_text(hz),
                       "; the columns are onset, pitch in Hz, duration"));
    }
    take_note(list, note, place, repairs);
  }
  repairs.append_to(list.repairs);
  warn_of_long_notes(list);
  return list;
}

std::optional<std::size_t> find_column(const CsvTable& table, std::string_view name) {
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    if (lower(trim(table.header[i])) == name) return i;
  }
  return std::nullopt;
}

std::size_t need_column(const CsvTable& table, const std::string& name_of_file,
                        std::string_view name) {
  if (const auto column = find_column(table, name)) return *column;
  throw InputError(text(name_of_file, ", line 1: expected columns onset_s, duration_s and pitch, ",
                        "got '", printable(join(table.header, ",").substr(0, 80)), "' without ",
                        name, "; add the column"));
}

// `lines_before`: number of blank lines removed from the top of the file.
NoteList parse_notes_csv(std::string_view bytes, const std::string& name,
                         std::size_t lines_before) {
  const CsvTable table = parse_csv(bytes, name);
  const std::size_t onset = need_column(table, name, "onset_s");
  const std::size_t duration = need_column(table, name, "duration_s");
  const std::size_t pitch = need_column(table, name, "pitch");
  const auto velocity = find_column(table, "velocity");
  NoteList list;
  list.format = "notes.csv";
  Repairs repairs;
  for (const CsvRow& row : table.rows) {
    const Place place{name, row.line + lines_before};
    if (row.cells.size() != table.header.size()) {  // parse_csv refuses such rows
      fail(place, text("expected ", table.header.size(), " cells, got ", row.cells.size(),
                       "; correct the line"));
    }
    const auto number = [&](std::size_t column, std::string_view what) {
      return finite_number(place, row.cells[column], what, table.separator);
    };
    Note note{.onset_s = number(onset, "onset_s"), .duration_s = number(duration, "duration_s")};
    const double exact = number(pitch, "pitch");
    if (exact < -0.5 || exact >= 127.5) {
      fail(place, text("expected a MIDI number of 0 to 127 for pitch, got ", to_text(exact),
                       "; correct the line"));
    }
    note.pitch = static_cast<int>(std::lround(exact));
    if (note.pitch != exact) {
      repairs.add("round", [&] {
        return text("line ", place.line, ": pitch ", to_text(exact), " is rounded to ", note.pitch);
      });
    }
    if (velocity) {
      const double value = number(*velocity, "velocity");
      if (value < 1 || value > 127) {
        fail(place,
             text("expected a velocity of 1 to 127, got ", to_text(value), "; correct the line"));
      }
      note.velocity = static_cast<int>(std::lround(value));
    }
    take_note(list, note, place, repairs);
  }
  repairs.append_to(list.repairs);
  warn_of_long_notes(list);
  return list;
}

// Detects the format from the content, because file names are unreliable.
NoteList parse_any(std::string_view bytes, const std::string& given_name,
                   const ReadNotesOptions& options) {
  if (bytes.starts_with("MThd") || (bytes.starts_with("RIFF") && bytes.find("RMID") == 8)) {
    return midi_notes(parse_midi(bytes, given_name), options.midi);
  }
  const std::string name = printable(given_name);
  if (options.midi.track != 0 || options.midi.channel != 0) {
    throw InputError(text(name, ": expected a MIDI file, as a track or channel was chosen, got ",
                          "another kind of file; leave the choice out"));
  }
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  const std::size_t begin = bytes.find_first_not_of(" \t\r\n\v\f");
  if (begin == std::string_view::npos) {
    throw InputError(text(name, ": expected notes, got an empty file; give MIDI, URMP Notes_*.txt ",
                          "or a CSV with onset_s, duration_s and pitch"));
  }
  const std::size_t end = std::min(bytes.find_first_of("\r\n", begin), bytes.size());
  const std::string_view first_line = bytes.substr(begin, end - begin);
  if (lower(first_line.substr(0, 4096)).find("onset_s") != std::string::npos) {
    const auto lines =
        std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(begin), '\n');
    return parse_notes_csv(bytes.substr(begin), name, static_cast<std::size_t>(lines));
  }
  if (const std::string kind = file_kind(bytes); !kind.empty()) {
    throw InputError(text(name,
                          ": expected MIDI, URMP Notes_*.txt or a CSV with onset_s, duration_s "
                          "and pitch, got a file that is ",
                          kind, "; give the notes' file"));
  }
  const auto fields = fields_of(first_line, 1);
  if (bytes.find('\0') == std::string_view::npos && parse_double(fields[0])) {
    return parse_urmp(bytes, name);
  }
  throw InputError(text(name,
                        ": expected MIDI, URMP Notes_*.txt or a CSV with onset_s, duration_s ",
                        "and pitch, got a file that begins with '",
                        printable(first_line.substr(0, 40)), "'; convert it"));
}

}  // namespace

NoteList parse_notes(std::string_view bytes, const std::string& name,
                     const ReadNotesOptions& options) {
  if (std::ssize(bytes) > kMaxScoreBytes) {
    throw InputError(text(printable(name), ": expected a file of at most ", kMaxScoreBytes,
                          " bytes, got ", bytes.size(), "; split it"));
  }
  NoteList list = parse_any(bytes, name, options);
  // Drums alone are taken as pitches (leave_out_drums).
  const bool only_drums =
      std::all_of(list.notes.begin(), list.notes.end(), [](const Note& note) { return note.drum; });
  for (Note& note : list.notes) {
    if (note.drum && !only_drums) continue;
    note.pitch += options.transpose;
    if (note.pitch < 0 || note.pitch > 127) {
      throw InputError(text(printable(name), ": expected pitches from 0 to 127 after a ",
                            "transposition by ", options.transpose, " semitones, got ", note.pitch,
                            "; transpose by less"));
    }
  }
  sort_notes(list.notes);
  if (options.monophonic) make_monophonic(list);
  return list;
}

NoteList read_notes(const std::filesystem::path& path, const ReadNotesOptions& options) {
  return parse_notes(read_file(path, static_cast<std::uint64_t>(kMaxScoreBytes)), path.string(),
                     options);
}

namespace {

std::string part_names(const std::vector<ScorePart>& parts) {
  std::vector<std::string> names;
  for (const ScorePart& part : parts) {
    names.push_back(text("track ", part.track, " channel ", part.channel,
                         part.name.empty() ? "" : " \"" + printable(part.name) + "\"", " (",
                         counted(part.notes, "note"), ")"));
  }
  return join(names, ", ");
}

}  // namespace

void leave_out_drums(NoteList& list) {
  const auto is_drum = [](const Note& note) { return note.drum; };
  const auto drums = std::count_if(list.notes.begin(), list.notes.end(), is_drum);
  if (drums == 0) return;
  if (drums == std::ssize(list.notes)) {
    list.repairs.emplace_back("there are only drum notes: taken as pitches");
    return;
  }
  std::erase_if(list.notes, is_drum);
  list.repairs.push_back(text(counted(drums, "drum note"), " left out"));
}

void make_monophonic(NoteList& list) {
  leave_out_drums(list);
  sort_notes(list.notes);
  std::vector<Note> voice;
  std::int64_t dropped = 0, cut = 0;
  for (const Note& note : list.notes) {
    if (!voice.empty() && voice.back().onset_s == note.onset_s) {
      ++dropped;
      voice.back() = note;  // later in note order: higher, or longer at equal pitch
      continue;
    }
    voice.push_back(note);
  }
  for (std::size_t i = 0; i + 1 < voice.size(); ++i) {
    const double next_s = voice[i + 1].onset_s;
    if (voice[i].end_s() <= next_s) continue;
    // Ends that are past the next onset only by rounding (below a microsecond) are no overlap.
    if (voice[i].end_s() > next_s + 1e-6) ++cut;
    voice[i].duration_s = next_s - voice[i].onset_s;
  }
  list.notes = std::move(voice);
  if (dropped > 0) {
    list.repairs.push_back(text("one voice: ", counted(dropped, "note"),
                                " dropped that began together with a higher or longer one"));
  }
  if (cut > 0) {
    list.repairs.push_back(text("one voice: ", counted(cut, "note"), " cut where the next began"));
  }
  if (dropped + cut > 0 && list.parts.size() > 1) {
    list.repairs.push_back("one voice of several parts; choose one by its track or channel: " +
                           part_names(list.parts));
  }
}

int pitch_of_hz(double hz) {
  const double pitch = std::round(69 + 12 * std::log2(hz / 440));
  return static_cast<int>(std::clamp(pitch, -100000.0, 100000.0));
}

double hz_of_pitch(int pitch) {
  return 440 * std::exp2((pitch - 69) / 12.0);
}

std::string notes_csv(std::span<const Note> notes) {
  std::string out = "onset_s,duration_s,pitch\n";
  for (const Note& note : notes) {
    out += text(to_text(note.onset_s), ',', to_text(note.duration_s), ',', note.pitch, '\n');
  }
  return out;
}

}  // namespace minet::score
