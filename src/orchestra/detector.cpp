// Noise in pixels (slow and fast), confidences that fall with speed and towards finger tips, and
// runs of frames in which a hand, a finger or an arm is not found at all. Sizes after what Solos'
// sample and real OpenPose output show: most gaps are in the hands. Left out: swapped hands, and
// wrong people.
#include "orchestra/detector.hpp"

#include <algorithm>
#include <cmath>

namespace minet::orchestra {
namespace {

using Frames = std::vector<std::array<Pixel, pose::kJoints>>;

// Marks runs of missing frames for a set of joints.
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

  std::vector<float> out(frames.size() * pose::kJoints * pose::kJointValues);
  std::array<double, pose::kJoints> wander_x{}, wander_y{}, mood{};
  float* value = out.data();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    for (std::size_t j = 0; j < pose::kJoints; ++j, value += pose::kJointValues) {
      const bool in_hand = j >= pose::kRightHand;
      const double tip = in_hand ? static_cast<double>((j - pose::kRightHand) % 4) / 3 : 0;
      // A detector's errors hang together from frame to frame.
      wander_x[j] = 0.9 * wander_x[j] + (in_hand ? 0.40 : 0.25) * random.normal();
      wander_y[j] = 0.9 * wander_y[j] + (in_hand ? 0.40 : 0.25) * random.normal();
      mood[j] = 0.93 * mood[j] + 0.02 * random.normal();
      const double fast = in_hand ? 0.7 : 0.5;
      const double x = frames[i][j].x + wander_x[j] + fast * random.normal();
      const double y = frames[i][j].y + wander_y[j] + fast * random.normal();
      const Pixel& before = frames[i > 0 ? i - 1 : 0][j];
      const double speed = std::hypot(frames[i][j].x - before.x, frames[i][j].y - before.y);
      double confidence = in_hand ? 0.78 - 0.18 * tip : 0.88;
      confidence -= 0.012 * std::min(20.0, speed);
      if (in_hand) confidence *= j < pose::kLeftHand ? posture.right.seen : posture.left.seen;
      confidence = std::clamp(confidence + mood[j] + 0.02 * random.normal(), 0.05, 0.98);
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
