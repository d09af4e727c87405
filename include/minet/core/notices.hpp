// Notices: what a reader assumed, repaired or finds suspicious in input that it can still use. All
// programs report them through this code, and a corpus stores them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace minet {

enum class NoticeKind {
  // Information: assumptions and repairs.
  assumed_rate,    // frames per second
  left_out,        // files, columns, frames that were not read
  late_start,      // frame numbers do not start at the first frame
  identity,        // several tracker numbers, or distant detections, taken as one person
  shared_frames,   // more than one person
  empty_frames,    // the player is not seen
  missing_frames,  // frame numbers without data
  bad_numbers,     // joints with NaN, infinite or absurd coordinates
  outside,         // points outside the image
  no_confidence,   // joints without a usable confidence
  channels,        // audio channels in opposite phase
  offset,          // DC offset of the audio
  header_length,   // the header does not give the length of the audio
  film_times,      // keypoints or audio moved to the clock of a video
  score,           // notes repaired or dropped
  // Warnings: probably wrong.
  time_unit,  // milliseconds or frame numbers instead of seconds
  scale,      // coordinates that are not pixels
  players,    // more or fewer people than players
  swapped_hands,
  no_hand,  // one or both hands are never seen
  posture,  // lying on the side, or upside down
  rate,     // frame rates of keypoints and video differ
  length,   // lengths of audio and keypoints differ
  level,    // very quiet, or clipped
};

struct Notice {
  NoticeKind kind;
  std::string sentence;     // for people; does not name the file
  std::int64_t frames = 0;  // number of frames it concerns; 0: all, or not about frames
  std::string where = {};   // file, row or track; empty if clear from the context

  std::string text() const { return where.empty() ? sentence : where + ": " + sentence; }
};

using Notices = std::vector<Notice>;

bool is_warning(NoticeKind kind);
std::string_view notice_name(NoticeKind kind);  // "time_unit", ...
std::optional<NoticeKind> parse_notice_name(std::string_view name);

bool has(const Notices& notices, NoticeKind kind);
// Appends `more`, with `where` prefixed to the location of each.
void append(Notices& notices, Notices more, const std::string& where = {});

// Logs warnings at level warning and all others at level info.
void say(const Notices& notices);

}  // namespace minet
