// Draws what was found and played over a video: the player's skeleton, boxes around several people,
// and the notes or codes that sound.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "minet/pose/pose.hpp"
#include "minet/video/people.hpp"

namespace minet::video {

// A note or code that sounds.
struct RollMark {
  double start_s = 0, end_s = 0;
  int value = 0;  // MIDI number or code
};
struct Roll {
  bool notes = true;  // false: codes
  std::vector<RollMark> marks;
};

// Notes in any format that score/notes.hpp reads, or a table with onset_s, duration_s and
// code.
Roll read_roll(const std::filesystem::path& path);

struct OverlayContent {
  // On the video's clock, gaps filled. Joints with a confidence up to pose::kGapConfidence were
  // filled in, and are drawn hollow, with thin grey bones. Interpolated linearly between its times.
  pose::RawPose filled;
  std::vector<PersonTrack> people = {};  // boxes with their numbers; the player's is coloured
  Roll roll = {};                        // four seconds of it, at the bottom of the image
};

// H.264 with the video's sound, upright, on the video's clock: constant rates are kept, variable
// ones become 60 frames per second. Atomic; needs ffmpeg. Without a video the skeleton is drawn on
// a plain background, at 25 frames per second.
void make_overlay(const std::optional<std::filesystem::path>& film, const OverlayContent& content,
                  const std::filesystem::path& output, bool replace = false);

// The same as a sheet of six frames, evenly spaced, as PNG.
void make_sheet(const std::optional<std::filesystem::path>& film, const OverlayContent& content,
                const std::filesystem::path& output, bool replace = false);

}  // namespace minet::video
