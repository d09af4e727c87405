// Adds noise in pixels (slow and fast), confidences that fall with speed and towards finger tips,
// and runs of frames in which a hand, a finger or an arm is not found. Sizes follow Solos' sample
// and real OpenPose output: most gaps are in the hands. Now and then a hand is found in a wrong
// place for a few frames, or both hands are swapped. Omitted: wrong people.
#include "orchestra/detector.hpp"

#include <algorithm>
#include <cmath>

namespace minet::orchestra {
namespace {

using Frames = std::vector<std::array<Pixel, pose::kJoints>>;

// Marks runs of frames in which a set of joints is missing.
void lose(Random& random, std::vector<std::array<bool, pose::kJoints>>& missing, int first,
          int count, double every_s, int longest) {
  const double chance = 1 / (every_s * kFps);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (random.uniform() >= chance) continue;
    const std::size_t end =
        std::min(missing.size(), i + 1 + random.below(static_cast<std::uint64_t>(longest)));
    for (; i < end; ++i) {
      for (int j = first; j < first + count; ++j) missing[i][static_cast<std::size_t>(j)] = true;
    }
  }
}

// A hand detected in a wrong place: the offset in pixels from the true one.
struct Mistake {
  double x = 0, y = 0;
  bool swapped = false;  // detected at the other hand's joints
};

std::vector<std::array<Mistake, 2>> mistakes(Random& random, std::size_t frames) {
  constexpr double kEvery_s = 18, kSwapEvery_s = 40;  // one hand; both hands
  std::vector<std::array<Mistake, 2>> found(frames);
  for (const std::size_t hand : {0u, 1u}) {
    for (std::size_t i = 0; i < frames; ++i) {
      if (random.uniform() >= 1 / (kEvery_s * kFps)) continue;
      const double x = 60 * random.normal(), y = 60 * random.normal();
      const std::size_t end = std::min(frames, i + 1 + random.below(3));
      for (; i < end; ++i) found[i][hand] = {x, y, false};
    }
  }
  for (std::size_t i = 0; i < frames; ++i) {
    if (random.uniform() >= 1 / (kSwapEvery_s * kFps)) continue;
    const std::size_t end = std::min(frames, i + 1 + random.below(3));
    for (; i < end; ++i) found[i][0].swapped = found[i][1].swapped = true;
  }
  return found;
}

}  // namespace

std::vector<float> detect(const Posture& posture, const Frames& frames, std::uint64_t seed) {
  Random random(derive_seed(seed, "detector"));
  std::vector<std::array<bool, pose::kJoints>> missing(frames.size());
  for (auto& frame : missing) frame.fill(false);
  for (const int hand : {pose::kRightHand, pose::kLeftHand}) {
    lose(random, missing, hand, pose::kHandJoints, 14, 14);
    for (int finger = 0; finger < 5; ++finger)
      lose(random, missing, hand + 4 * finger + 2, 2, 20, 8);
  }
  for (const int arm : {pose::kRightElbow, pose::kRightWrist, pose::kLeftElbow, pose::kLeftWrist}) {
    lose(random, missing, arm, 1, 45, 6);
  }

  const auto wrong = mistakes(random, frames.size());

  std::vector<float> out(frames.size() * pose::kJoints * pose::kJointValues);
  std::array<double, pose::kJoints> wander_x{}, wander_y{}, mood{};
  float* value = out.data();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    for (std::size_t j = 0; j < pose::kJoints; ++j, value += pose::kJointValues) {
      const bool in_hand = j >= pose::kRightHand;
      const double tip = in_hand ? static_cast<double>((j - pose::kRightHand) % 4) / 3 : 0;
      // A detector's errors are correlated from frame to frame.
      wander_x[j] = 0.9 * wander_x[j] + (in_hand ? 0.40 : 0.25) * random.normal();
      wander_y[j] = 0.9 * wander_y[j] + (in_hand ? 0.40 : 0.25) * random.normal();
      mood[j] = 0.93 * mood[j] + 0.02 * random.normal();
      const double fast = in_hand ? 0.7 : 0.5;
      const Mistake mistake = in_hand ? wrong[i][j < pose::kLeftHand ? 0 : 1] : Mistake{};
      const std::size_t shown = !mistake.swapped      ? j
                                : j < pose::kLeftHand ? j + pose::kHandJoints
                                                      : j - pose::kHandJoints;
      const double x = frames[i][shown].x + mistake.x + wander_x[j] + fast * random.normal();
      const double y = frames[i][shown].y + mistake.y + wander_y[j] + fast * random.normal();
      const Pixel& before = frames[i > 0 ? i - 1 : 0][j];
      const double speed = std::hypot(frames[i][j].x - before.x, frames[i][j].y - before.y);
      double confidence = in_hand ? 0.78 - 0.18 * tip : 0.88;
      confidence -= 0.012 * std::min(20.0, speed);
      if (in_hand) confidence *= j < pose::kLeftHand ? posture.right.seen : posture.left.seen;
      confidence = std::clamp(confidence + mood[j] + 0.02 * random.normal(), 0.05, 0.98);
      if (mistake.x != 0) confidence *= 0.7;
      const bool outside = x < 0 || y < 0 || x >= kPictureWidth || y >= kPictureHeight;
      if (missing[i][j] || outside) continue;  // stays 0, 0, 0
      value[0] = static_cast<float>(x);
      value[1] = static_cast<float>(y);
      value[2] = static_cast<float>(confidence);
    }
  }
  return out;
}

}  // namespace minet::orchestra
