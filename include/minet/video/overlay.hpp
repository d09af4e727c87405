// A film again with what was found and played drawn over it: the player's skeleton, several
// people's boxes, the notes or codes that sound.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "minet/pose/pose.hpp"
#include "minet/video/people.hpp"

namespace minet::video {

// What sounds when.
struct RollMark {
  double start_s = 0, end_s = 0;
  int value = 0;  // MIDI number or code
};
struct Roll {
  bool notes = true;  // false: codes
  std::vector<RollMark> marks;
};

// Notes as every program reads them (score/notes.hpp), or a table with onset_s, duration_s and
// code.
Roll read_roll(const std::filesystem::path& path);

struct OverlayContent {
  // On the film's clock, gaps filled. Joints with a confidence of at most pose::kGapConfidence were
  // filled in, and are drawn hollow, their bones thin and grey. Between its times: linear.
  pose::RawPose filled;
  std::vector<PersonTrack> people = {};  // boxes with their numbers; that of the player is coloured
  Roll roll = {};                        // four seconds of it, over the foot of the picture
};

// H.264 and the film's sound, upright, on the film's clock: constant rates stay, variable ones
// become 60 pictures a second. Whole or absent; needs ffmpeg. Without a film the skeleton stands on
// a plain ground, 25 pictures a second.
void make_overlay(const std::optional<std::filesystem::path>& film, const OverlayContent& content,
                  const std::filesystem::path& output, bool replace = false);

// The same as six pictures on a sheet, evenly spaced, as PNG.
void make_sheet(const std::optional<std::filesystem::path>& film, const OverlayContent& content,
                const std::filesystem::path& output, bool replace = false);

}  // namespace minet::video
