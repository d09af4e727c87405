// Reader of standard MIDI files. Source: "Standard MIDI Files 1.0" (RP-001), RMID (RP-029).
// Every loop consumes at least one byte per iteration, and a length that the file claims is checked
// against the bytes present before anything is allocated.
#include <algorithm>
#include <optional>

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/score/midi.hpp"
#include "score/midi_time.hpp"
#include "score/repairs.hpp"

namespace minet::score {
namespace {

constexpr std::uint8_t kEndOfTrack = 0x2F;

bool is_chunk_id(std::string_view id) {
  return std::all_of(id.begin(), id.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

class Reader {
 public:
  Reader(std::string_view bytes, const std::string& name)
      : bytes_(bytes), end_(bytes.size()), name_(printable(name)) {}

  MidiFile read() {
    std::size_t position = unwrap_rmid();
    position = read_header(position);
    read_tracks(position);
    check_times();
    repairs_.append_to(file_.repairs);
    return std::move(file_);
  }

 private:
  std::uint8_t byte(std::size_t at) const { return static_cast<std::uint8_t>(bytes_[at]); }
  std::uint32_t big(std::size_t at, int count) const {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 8 | byte(at + static_cast<std::size_t>(i));
    return value;
  }
  std::uint32_t little(std::size_t at) const {
    return byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 |
           static_cast<std::uint32_t>(byte(at + 3)) << 24;
  }
  bool has(std::size_t at, std::size_t count) const { return at <= end_ && end_ - at >= count; }
  std::string_view id(std::size_t at) const { return bytes_.substr(at, 4); }

  // Whether a chunk may begin here: the file ends, or four printable letters and a length follow.
  bool chunk_or_end(std::size_t at) const {
    return at == end_ || (has(at, 8) && is_chunk_id(id(at)));
  }

  [[noreturn]] void fail(std::size_t at, const std::string& what) const {
    throw InputError(text(name_, ", byte ", at, ": ", what));
  }

  // A RIFF file of type RMID holds the MIDI file in its "data" chunk.
  std::size_t unwrap_rmid() {
    if (!has(0, 12) || id(0) != "RIFF") return 0;
    if (id(8) != "RMID") {
      fail(8, text("expected a RIFF file of type RMID, got '", printable(id(8)),
                   "'; give a MIDI file"));
    }
    std::size_t at = 12;
    while (has(at, 8)) {
      const std::size_t size = little(at + 4);
      if (id(at) == "data") {
        if (!has(at + 8, size)) {
          repairs_.add("riff", [&] {
            return text("byte ", at, ": the RMID data chunk claims ", size, " bytes, but ",
                        end_ - at - 8, " follow; read to the end of the file");
          });
        }
        end_ = at + 8 + std::min(size, end_ - at - 8);
        return at + 8;
      }
      if (!has(at + 8, size)) break;
      at += 8 + size + size % 2;
    }
    fail(std::min(at, end_),
         "expected a data chunk with a MIDI file in the RMID file, got none; save it as .mid");
  }

  std::size_t read_header(std::size_t at) {
    if (!has(at, 14) || id(at) != "MThd") {
      fail(at, end_ - at < 14 ? text("expected a MIDI header of 14 bytes, got ", end_ - at,
                                     " bytes; give a whole MIDI file")
                              : text("expected a MIDI file, which begins with 'MThd', got '",
                                     printable(id(at)), "'; give a MIDI file"));
    }
    const std::uint32_t length = big(at + 4, 4);
    std::size_t next = at + 14;
    if (length > 6 && has(at + 8, length) && chunk_or_end(at + 8 + length)) {
      next = at + 8 + length;
      repairs_.add("header", [&] {
        return text("byte ", at + 4, ": the header is ", length,
                    " bytes long; the six known ones are read and the others skipped");
      });
    } else if (length != 6) {
      repairs_.add("header", [&] {
        return text("byte ", at + 4, ": the header claims ", length, " bytes; read as 6");
      });
    }
    file_.format = static_cast<int>(big(at + 8, 2));
    if (file_.format > 2) {
      repairs_.add("format", [&] {
        return text("byte ", at + 8, ": format ", file_.format, " is unknown; read as format 1");
      });
      file_.format = 1;
    }
    declared_tracks_ = big(at + 10, 2);
    read_division(at + 12);
    return next;
  }

  void read_division(std::size_t at) {
    const std::uint32_t word = big(at, 2);
    MidiDivision& division = file_.division;
    if ((word & 0x8000) == 0) {
      division.ticks_per_quarter = static_cast<int>(word);
      if (word == 0) {
        fail(at, "expected 1 or more ticks a quarter note, got 0; export the MIDI file again");
      }
      return;
    }
    division.ticks_per_quarter = 0;
    division.smpte_rate = 256 - static_cast<int>(word >> 8);
    division.ticks_per_frame = static_cast<int>(word & 0xFF);
    const int rate = division.smpte_rate;
    if (rate != 24 && rate != 25 && rate != 29 && rate != 30) {
      fail(at, text("expected an SMPTE rate of 24, 25, 29 or 30 frames per second, got ", rate,
                    "; export the MIDI file with ticks a quarter note"));
    }
    if (division.ticks_per_frame == 0) {
      fail(at + 1, "expected 1 or more ticks an SMPTE frame, got 0; export the MIDI file again");
    }
  }

  void read_tracks(std::size_t at) {
    while (has(at, 8)) {
      if (id(at) == "MTrk") {
        if (std::ssize(file_.tracks) == kMaxMidiTracks) {
          fail(at,
               text("expected at most ", kMaxMidiTracks, " tracks, got more; split the MIDI file"));
        }
        at = read_track(at);
      } else {
        at = skip_chunk(at);
      }
    }
    if (at < end_) {
      repairs_.add("rest", [&] {
        return text("byte ", at, ": ", end_ - at, " bytes after the last chunk are skipped");
      });
    }
    if (file_.tracks.empty()) {
      fail(end_,
           "expected at least one track (MTrk) in the MIDI file, got none; give a whole file");
    }
    const std::size_t count = file_.tracks.size();
    if (count != declared_tracks_) {
      repairs_.add("count", [&] {
        return text("the header claims ", declared_tracks_, " tracks; the ", count,
                    " that are there are read");
      });
    }
    if (file_.format == 0 && count > 1) {
      repairs_.add("format", [&] {
        return text("format 0 has one track, but ", count, " are there; read as format 1");
      });
      file_.format = 1;
    }
  }

  // Skips a chunk that is not a track: by its length if a chunk follows it, else to the next track.
  std::size_t skip_chunk(std::size_t at) {
    const std::size_t length = big(at + 4, 4);
    if (is_chunk_id(id(at)) && has(at + 8, length) && chunk_or_end(at + 8 + length)) {
      repairs_.add("chunk", [&] {
        return text("byte ", at, ": unknown chunk '", printable(id(at)), "' of ", length,
                    " bytes is skipped");
      });
      return at + 8 + length;
    }
    const std::size_t next = find_track(at + 1);
    repairs_.add("rubbish", [&] {
      return text("byte ", at, ": expected a chunk, got ", next - at, " other bytes; skipped");
    });
    return next;
  }

  std::size_t find_track(std::size_t from) const {
    const std::size_t found = bytes_.substr(0, end_).find("MTrk", from);
    return found == std::string_view::npos ? end_ : found;
  }

  // Reads the track whose chunk begins at `at`; returns where the next chunk begins.
  std::size_t read_track(std::size_t at) {
    const std::size_t start = at + 8;
    const std::size_t claimed = big(at + 4, 4);
    const bool credible = has(start, claimed) && chunk_or_end(start + claimed);
    limit_ = credible ? start + claimed : find_track(start);
    track_starts_.push_back(at);
    track_ = &file_.tracks.emplace_back();
    const bool ended = read_events(start);
    if (!credible) {
      if (!ended || position_ != start + claimed) {
        repairs_.add("length", [&] {
          return text("byte ", at + 4, ": track ", file_.tracks.size(), " claims ", claimed,
                      " bytes; ", position_ - start, " are read");
        });
      }
      return ended ? position_ : limit_;
    }
    if (ended && position_ < limit_) {
      repairs_.add("after end", [&] {
        return text("byte ", position_, ": ", limit_ - position_, " bytes after the end of track ",
                    file_.tracks.size(), " are skipped");
      });
    }
    return limit_;
  }

  // False if the track has no end-of-track event or is cut off; the events read so far are kept.
  bool read_events(std::size_t start) {
    position_ = start;
    tick_ = 0;
    running_ = 0;
    cancelled_ = false;
    while (position_ < limit_) {
      const std::size_t event_start = position_;
      bool ended = false;
      if (const char* why = read_event(ended)) {
        position_ = event_start;
        repairs_.add("broken", [&] {
          return text("byte ", event_start, ": track ", file_.tracks.size(), " breaks off, ", why,
                      "; what came before is kept");
        });
        return false;
      }
      track_->end_tick = tick_;
      if (ended) return true;
    }
    repairs_.add("no end", [&] {
      return text("byte ", limit_, ": track ", file_.tracks.size(),
                  " has no end-of-track event; it ends with its last event");
    });
    return false;
  }

  // Reads one event; returns nullptr, or why there is none.
  const char* read_event(bool& ended) {
    const auto delta = read_length();
    if (!delta) return delta_problem_;
    if (position_ == limit_) return "in the middle of an event";
    const std::uint8_t first = byte(position_);
    const char* problem = nullptr;
    const std::int64_t tick_before = tick_;
    tick_ += *delta;
    if (first == 0xFF) {
      problem = read_meta(ended);
    } else if (first == 0xF0 || first == 0xF7) {
      ++position_;
      problem = read_block(first, 0);
      cancelled_ = true;
    } else if (first > 0xF0) {
      problem = skip_system_message(first);
    } else {
      problem = read_channel_message(first);
    }
    if (problem) tick_ = tick_before;
    return problem;
  }

  // A variable-length quantity of at most 4 bytes; if nullopt, `delta_problem_` has the reason.
  std::optional<std::uint32_t> read_length() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      if (position_ == limit_) {
        delta_problem_ = "in the middle of an event";
        return std::nullopt;
      }
      const std::uint8_t next = byte(position_++);
      value = value << 7 | (next & 0x7F);
      if (next < 0x80) return value;
    }
    delta_problem_ = "at a number of more than 4 bytes";
    return std::nullopt;
  }

  const char* read_meta(bool& ended) {
    if (limit_ - position_ < 2) return "in the middle of an event";
    const std::uint8_t type = byte(position_ + 1);
    position_ += 2;
    if (type >= 0x80) return "at a meta event of a type over 127";
    cancelled_ = true;
    if (type != kEndOfTrack) return read_block(0xFF, type);
    const auto length = read_length();
    if (!length) return delta_problem_;
    position_ += std::min<std::size_t>(*length, limit_ - position_);
    ended = true;
    return nullptr;
  }

  // The length and bytes of a meta event or sysex.
  const char* read_block(std::uint8_t status, std::uint8_t type) {
    const auto length = read_length();
    if (!length) return delta_problem_;
    if (limit_ - position_ < *length) return "in the middle of an event";
    const std::string_view data = bytes_.substr(position_, *length);
    position_ += *length;
    if (status == 0xFF && type == 0x51 && tempo_of(data) == 0) {
      repairs_.add("tempo", [&] {
        return text("byte ", position_ - *length, ": a tempo event of ", *length,
                    " bytes and tempo 0, or of a length other than 3; ignored");
      });
      return nullptr;
    }
    add_event(status, type, data);
    return nullptr;
  }

  // Skips system common and real-time messages, which belong on a cable and not in a file.
  const char* skip_system_message(std::uint8_t status) {
    const std::size_t size = status == 0xF2 ? 3 : status == 0xF1 || status == 0xF3 ? 2 : 1;
    if (limit_ - position_ < size) return "in the middle of an event";
    repairs_.add("system", [&] {
      return text("byte ", position_, ": system message ", static_cast<int>(status),
                  " has no place in a file; skipped");
    });
    position_ += size;
    if (status < 0xF8) cancelled_ = true;  // real-time messages do not end the running status
    return nullptr;
  }

  const char* read_channel_message(std::uint8_t first) {
    if (first >= 0x80) {
      running_ = first;
      ++position_;
    } else if (running_ == 0) {
      return "at a data byte without a status byte";
    } else if (cancelled_) {
      repairs_.add("running", [&] {
        return text("byte ", position_,
                    ": running status continues after a meta event or system message, which ends "
                    "it; the previous status is kept");
      });
    }
    cancelled_ = false;
    const std::size_t size = running_ >= 0xC0 && running_ < 0xE0 ? 1 : 2;
    if (limit_ - position_ < size) return "in the middle of an event";
    const std::string_view data = bytes_.substr(position_, size);
    for (const char c : data) {
      if (static_cast<std::uint8_t>(c) >= 0x80) return "at a status byte in place of a data byte";
    }
    position_ += size;
    add_event(running_, 0, data);
    return nullptr;
  }

  void add_event(std::uint8_t status, std::uint8_t type, std::string_view data) {
    if (++events_ > kMaxMidiEvents) {
      fail(position_,
           text("expected at most ", kMaxMidiEvents, " events, got more; split the MIDI file"));
    }
    track_->events.push_back({tick_, status, type, std::string(data)});
  }

  void check_times() const {
    const MidiTime time(file_);
    for (std::size_t i = 0; i < file_.tracks.size(); ++i) {
      const double end_s = time.seconds(i, file_.tracks[i].end_tick);
      if (!(end_s <= kMaxScoreSeconds)) {
        fail(track_starts_[i],
             text("expected music of at most ", human_duration(kMaxScoreSeconds), ", but track ",
                  i + 1, " ends at ", human_duration(end_s), "; cut the MIDI file"));
      }
    }
  }

  std::string_view bytes_;
  std::size_t end_;  // of the MIDI file in `bytes_`
  std::string name_;
  MidiFile file_;
  Repairs repairs_;
  std::size_t declared_tracks_ = 0;
  std::vector<std::size_t> track_starts_;
  std::int64_t events_ = 0;

  // The track being read.
  MidiTrack* track_ = nullptr;
  std::size_t position_ = 0, limit_ = 0;
  std::int64_t tick_ = 0;
  std::uint8_t running_ = 0;
  bool cancelled_ = false;  // the running status has ended by the standard
  const char* delta_problem_ = nullptr;
};

}  // namespace

MidiFile parse_midi(std::string_view bytes, const std::string& name) {
  if (std::ssize(bytes) > kMaxScoreBytes) {
    throw InputError(text(printable(name), ": expected a MIDI file of at most ", kMaxScoreBytes,
                          " bytes, got ", bytes.size(), "; split it"));
  }
  return Reader(bytes, name).read();
}

MidiFile read_midi(const std::filesystem::path& path) {
  return parse_midi(read_file(path, static_cast<std::uint64_t>(kMaxScoreBytes)), path.string());
}

}  // namespace minet::score
