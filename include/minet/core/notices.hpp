// What a reader noticed about an input that it could still use, as data: every program reports it
// with the same code, and a corpus keeps it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace minet {

enum class NoticeKind {
  // Notes: what was decided or assumed where the file does not say.
  assumed_rate,    // frames a second
  left_out,        // files, columns, frames that were not read
  late_start,      // the first frame's number is not the first
  identity,        // a tracker's numbers that were joined into one person
  shared_frames,   // more than one person
  empty_frames,    // the player is not seen
  missing_frames,  // nothing was written for a frame's number
  bad_numbers,     // joints with NaN, infinite or absurd coordinates
  outside,         // points outside the picture
  no_confidence,   // places without a usable confidence
  channels,        // of a sound in opposite phase
  offset,          // of a sound's samples
  header_length,   // a header that does not say the sound's length
  film_times,      // keypoints or sound put on a film's clock
  score,           // notes repaired or dropped
  // Warnings: what is probably wrong.
  time_unit,  // milliseconds or frame numbers instead of seconds
  scale,      // coordinates that are not pixels
  swapped_hands,
  no_hand,  // one or both are never seen
  posture,  // lying on the side, or upside down
  rate,     // keypoints and film differ
  length,   // sound and keypoints differ
  level,    // very quiet, or clipped
};

struct Notice {
  NoticeKind kind;
  std::string sentence;     // one, for people, without the file's name
  std::int64_t frames = 0;  // that it is about; 0: all, or not a matter of frames
  std::string where = {};   // file, row or track; empty: clear from the context

  std::string text() const { return where.empty() ? sentence : where + ": " + sentence; }
};

using Notices = std::vector<Notice>;

bool is_warning(NoticeKind kind);
std::string_view notice_name(NoticeKind kind);  // "time_unit", ...
std::optional<NoticeKind> parse_notice_name(std::string_view name);

bool has(const Notices& notices, NoticeKind kind);
// Appends `more`, with `where` before each one's own place.
void append(Notices& notices, Notices more, const std::string& where = {});

// To the log: warnings as such, the others as information.
void say(const Notices& notices);

}  // namespace minet
