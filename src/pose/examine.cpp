#include "pose/examine.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

#include "minet/pose/gaps.hpp"
#include "pose/checks.hpp"

namespace minet::pose {
namespace {

struct Hand {
  const char* name;
  int first, wrist, other_wrist;
};
constexpr std::array<Hand, 2> kHands = {
    {{"right", kRightHand, kRightWrist, kLeftWrist}, {"left", kLeftHand, kLeftWrist, kRightWrist}}};

bool is_seen(const RawPose& pose, const float* joint) {
  return joint[2] > static_cast<float>(kGapConfidence) || (pose.filled && !is_absent(joint));
}

struct Point {
  double x = 0, y = 0;
};

double distance(Point a, const float* b) {
  return std::hypot(a.x - static_cast<double>(b[0]), a.y - static_cast<double>(b[1]));
}

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void note(RawPose& pose, NoticeKind kind, std::string sentence, std::int64_t frames = 0) {
  pose.notices.push_back({kind, std::move(sentence), frames});
}

template <class Visit>
void each_joint(RawPose& pose, Visit visit) {
  for (std::int64_t frame = 0; frame < pose.frames(); ++frame) {
    for (int joint = 0; joint < kJoints; ++joint) visit(pose.joint(frame, joint));
  }
}

// Hands with positions but with a confidence of 0 in every frame: the tool wrote no confidence.
void trust_hands_without_confidence(RawPose& pose) {
  std::string hands;
  for (const Hand& hand : kHands) {
    bool placed = false, sure = false;
    for (std::int64_t frame = 0; frame < pose.frames() && !sure; ++frame) {
      for (int joint = hand.first; joint < hand.first + kHandJoints; ++joint) {
        const float* at = pose.joint(frame, joint);
        placed = placed || !is_absent(at);
        sure = sure || at[2] > 0;
      }
    }
    if (!placed || sure || pose.filled) continue;
    for (std::int64_t frame = 0; frame < pose.frames(); ++frame) {
      for (int joint = hand.first; joint < hand.first + kHandJoints; ++joint) {
        float* at = pose.joint(frame, joint);
        if (!is_absent(at)) at[2] = 1;
      }
    }
    hands += text(hands.empty() ? "" : " and the ", hand.name);
  }
  if (!hands.empty()) {
    note(pose, NoticeKind::no_confidence,
         text("the confidence (visibility) of the ", hands,
              " hand is 0 in every frame, although it ", "has positions: they count as seen"));
  }
}

// Coordinates in fractions of the image: converts them to pixels if its size is known.
void judge_scale(RawPose& pose, const ReadPoseOptions& options) {
  constexpr double kMost = 1.5;  // 1, with a margin for points outside the image
  double least = 0, most = 0;
  std::int64_t places = 0;
  each_joint(pose, [&](const float* at) {
    if (is_absent(at)) return;
    ++places;
    least = std::min({least, static_cast<double>(at[0]), static_cast<double>(at[1])});
    most = std::max({most, static_cast<double>(at[0]), static_cast<double>(at[1])});
  });
  const bool parts = places > 0 && most <= kMost && least >= -kMost;
  const bool pixels = pose.width > 0;  // the file has the image's size, and its reader applied it
  if (!pixels && options.picture) {
    pose.width = options.picture->first;
    pose.height = options.picture->second;
  }
  if (!parts || pixels) return;
  const bool centred = least < -0.2;
  if (options.picture) {
    each_joint(pose, [&](float* at) {
      if (is_absent(at)) return;
      const double x = centred ? (static_cast<double>(at[0]) + 1) / 2 : static_cast<double>(at[0]);
      const double y = centred ? (static_cast<double>(at[1]) + 1) / 2 : static_cast<double>(at[1]);
      put_joint(at, x * pose.width, y * pose.height, static_cast<double>(at[2]));
    });
    return;
  }
  note(pose, NoticeKind::scale,
       text("coordinates from ", centred ? "-1" : "0", " to 1 have lost the image's aspect ratio,",
            " so the body is stretched: give the image's size, or write pixels"));
}

// A point outside the image is the tool's guess, so it counts as not seen.
void drop_points_outside(RawPose& pose) {
  if (pose.width <= 0 || pose.height <= 0) return;
  std::int64_t points = 0, frames = 0;
  for (std::int64_t frame = 0; frame < pose.frames(); ++frame) {
    std::int64_t here = 0;
    for (int joint = 0; joint < kJoints; ++joint) {
      float* at = pose.joint(frame, joint);
      const bool outside = static_cast<double>(at[0]) < 0 || static_cast<double>(at[1]) < 0 ||
                           static_cast<double>(at[0]) > pose.width ||
                           static_cast<double>(at[1]) > pose.height;
      if (!outside || is_absent(at)) continue;
      here += at[2] > static_cast<float>(kGapConfidence) ? 1 : 0;
      at[0] = at[1] = at[2] = 0;
    }
    points += here;
    frames += here > 0 ? 1 : 0;
  }
  if (points > 0) {
    note(pose, NoticeKind::outside,
         text(points, " joints in ", frames, " of ", pose.frames(), " frames lie outside the ",
              "image: they count as not seen"),
         frames);
  }
}

// Position and extent of a hand's seen fingers in a frame.
struct Fingers {
  Point centre;
  double extent = 0;  // diagonal of their bounding box, pixels
};

std::optional<Fingers> fingers_of(const RawPose& pose, std::int64_t frame, const Hand& hand) {
  Fingers fingers;
  Point low, high;
  int count = 0;
  for (int joint = hand.first; joint < hand.first + kHandJoints; ++joint) {
    const float* at = pose.joint(frame, joint);
    if (!is_seen(pose, at)) continue;
    const double x = static_cast<double>(at[0]), y = static_cast<double>(at[1]);
    low = count == 0 ? Point{x, y} : Point{std::min(low.x, x), std::min(low.y, y)};
    high = count == 0 ? Point{x, y} : Point{std::max(high.x, x), std::max(high.y, y)};
    fingers.centre.x += x;
    fingers.centre.y += y;
    ++count;
  }
  if (count == 0) return std::nullopt;
  fingers.centre.x /= count;
  fingers.centre.y /= count;
  fingers.extent = std::hypot(high.x - low.x, high.y - low.y);
  return fingers;
}

// Detects fingers at the other wrist. Undecided if the wrists are as close together as a hand is
// long (a trumpeter's), or both about equally close to the fingers.
void judge_hands(RawPose& pose) {
  constexpr std::int64_t kEnough = 5;  // frames
  constexpr double kClear = 2;         // times as close to one wrist as to the other
  constexpr double kApart = 1.2;       // distance of the wrists, relative to the fingers' extent
  constexpr std::int64_t kShare = 4;   // swapped in at least one frame in this many
  std::string swapped;
  std::int64_t frames = 0;
  for (const Hand& hand : kHands) {
    std::int64_t seen = 0, clear = 0, other = 0;
    for (std::int64_t frame = 0; frame < pose.frames(); ++frame) {
      const float *own = pose.joint(frame, hand.wrist), *far = pose.joint(frame, hand.other_wrist);
      if (!is_seen(pose, own) || !is_seen(pose, far)) continue;
      const std::optional<Fingers> fingers = fingers_of(pose, frame, hand);
      if (!fingers) continue;
      ++seen;
      const Point wrist{static_cast<double>(own[0]), static_cast<double>(own[1])};
      if (distance(wrist, far) < kApart * fingers->extent) continue;
      const double to_own = distance(fingers->centre, own),
                   to_other = distance(fingers->centre, far);
      clear += to_own > kClear * to_other || to_other > kClear * to_own ? 1 : 0;
      other += to_own > kClear * to_other ? 1 : 0;
    }
    if (clear >= kEnough && 2 * other > clear && kShare * other >= seen) {
      swapped += text(swapped.empty() ? "" : " and the ", hand.name);
      frames = std::max(frames, other);
    }
  }
  if (!swapped.empty()) {
    note(pose, NoticeKind::swapped_hands,
         text("the fingers of the ", swapped, " hand are at the other wrist in ", frames, " of ",
              pose.frames(), " frames: left and right hands are swapped, as in a mirrored video"),
         frames);
  }
}

void judge_missing_hands(RawPose& pose) {
  std::array<bool, 2> seen{};
  for (std::size_t h = 0; h < kHands.size(); ++h) {
    for (std::int64_t frame = 0; frame < pose.frames() && !seen[h]; ++frame) {
      for (int joint = kHands[h].first; joint < kHands[h].first + kHandJoints; ++joint) {
        seen[h] = seen[h] || is_seen(pose, pose.joint(frame, joint));
      }
    }
  }
  if (!seen[0] && !seen[1]) {
    note(pose, NoticeKind::no_hand,
         "no hands are seen in any frame: all 40 finger joints are placed on the wrists; a model "
         "that was trained with fingers will miss them");
  } else if (!seen[0] || !seen[1]) {
    note(pose, NoticeKind::no_hand,
         text("the ", kHands[seen[0] ? 1 : 0].name,
              " hand is never seen: its fingers are placed on the ",
              "wrist; film so that both hands are in view"));
  }
}

// Detects rotated players by the shoulders and the elbows: a player seen from the side has one
// shoulder behind the other, but the elbows still below them.
void judge_posture(RawPose& pose) {
  constexpr std::size_t kEnough = 5;  // frames
  constexpr double kClear = 2;
  std::array<std::vector<double>, 4> values;  // shoulder distance x, y; elbows below the neck x, y
  for (std::int64_t frame = 0; frame < pose.frames(); ++frame) {
    bool all = true;
    for (const int joint : {kNeck, kRightShoulder, kLeftShoulder, kRightElbow, kLeftElbow}) {
      all = all && is_seen(pose, pose.joint(frame, joint));
    }
    if (!all) continue;
    for (int axis = 0; axis < 2; ++axis) {
      const auto at = [&](int joint) {
        return static_cast<double>(pose.joint(frame, joint)[axis]);
      };
      const auto i = static_cast<std::size_t>(axis);
      values[i].push_back(std::abs(at(kRightShoulder) - at(kLeftShoulder)));
      values[i + 2].push_back((at(kRightElbow) + at(kLeftElbow)) / 2 - at(kNeck));
    }
  }
  if (values[0].size() < kEnough) return;
  const double across = median(values[0]), along = median(values[1]);
  const double x = median(values[2]), y = median(values[3]);
  if (along > kClear * across && std::abs(x) > kClear * std::abs(y)) {
    note(pose, NoticeKind::posture,
         "the player lies on their side: the video or its keypoints were rotated by 90 degrees, or "
         "x and y are swapped");
  } else if (across > kClear * along && y < -kClear * std::abs(x) && -y > 0.5 * across) {
    note(pose, NoticeKind::posture,
         "the player is upside down: the video was rotated, or y counts upwards");
  }
}

void tell_counts(RawPose& pose) {
  const auto of_frames = [&](std::int64_t count) {
    return text(count, " of ", pose.frames(), " frames");
  };
  if (pose.absent_frames > 0) {
    note(pose, NoticeKind::missing_frames,
         text(of_frames(pose.absent_frames), ": nothing was written, so they are gaps"),
         pose.absent_frames);
  }
  if (pose.empty_frames > 0) {
    note(pose, NoticeKind::empty_frames,
         text(of_frames(pose.empty_frames), ": the player is not seen"), pose.empty_frames);
  }
  if (pose.multi_person_frames > 0) {
    note(pose, NoticeKind::shared_frames,
         text(of_frames(pose.multi_person_frames), ": more than one person"),
         pose.multi_person_frames);
  }
  if (pose.bad_numbers > 0) {
    note(pose, NoticeKind::bad_numbers,
         text(pose.bad_numbers, " joints with NaN, infinite or implausible coordinates dropped"));
  }
}

}  // namespace

void examine(RawPose& pose, const ReadPoseOptions& options) {
  trust_hands_without_confidence(pose);
  judge_scale(pose, options);
  drop_points_outside(pose);
  tell_counts(pose);
  judge_hands(pose);
  judge_missing_hands(pose);
  judge_posture(pose);
}

}  // namespace minet::pose
