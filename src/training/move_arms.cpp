#include "training/move_arms.hpp"

#include <ATen/ATen.h>

#include <array>
#include <cmath>
#include <iterator>
#include <numbers>

#include "minet/pose/skeleton.hpp"

namespace minet::training {
namespace {

constexpr int kSegments = 3;                        // of an arm
constexpr double kLengthPerRadian = 0.6;            // spread of log length per spread of angle
constexpr double kSlowest = 0.08, kFastest = 0.78;  // Hz, of the sway
constexpr int kWaves = 3;                           // sines in a movement
// Shares of `augment.sway`: each arm, both arms, the turn (rad) and everything; x and y.
constexpr std::array<double, 9> kShares = {0.3, 0.3, 0.3, 0.3, 0.7, 1, 0.5, 0.8, 0.5};
enum Movement { right_arm = 0, left_arm = 2, both_arms = 4, turn = 6, everything = 7 };

struct Arm {
  int shoulder, elbow, wrist, hand;
};
constexpr std::array<Arm, 2> kArms = {
    Arm{pose::kRightShoulder, pose::kRightElbow, pose::kRightWrist, pose::kRightHand},
    Arm{pose::kLeftShoulder, pose::kLeftElbow, pose::kLeftWrist, pose::kLeftHand}};

// `points` [B, P, n, 2] turned and scaled about `centre` [B, P, 1, 2]; cosine and sine [B or 1,
// ...] are those of the angle times the scale.
at::Tensor turned(const at::Tensor& points, const at::Tensor& centre, const at::Tensor& cosine,
                  const at::Tensor& sine) {
  const at::Tensor offset = points - centre;
  return rotated(offset.select(3, 0), offset.select(3, 1), cosine, sine) + centre;
}

}  // namespace

at::Tensor rotated(const at::Tensor& x, const at::Tensor& y, const at::Tensor& cosine,
                   const at::Tensor& sine) {
  return at::stack({cosine * x - sine * y, sine * x + cosine * y}, -1);
}

void ArmDraws::add_limbs(Random& random, double limbs) {
  for (std::size_t segment = 0; segment < kArms.size() * kSegments; ++segment) {
    angle.push_back(static_cast<float>(limbs * random.normal()));
    length.push_back(static_cast<float>(std::exp(kLengthPerRadian * limbs * random.normal())));
  }
}

void ArmDraws::add_sway(Random& random, double amount, std::int64_t frames, std::int64_t apart,
                        double fps) {
  for (const double share : kShares) {
    const double amplitude = amount * share * std::abs(random.normal());
    std::array<double, kWaves> hz{}, phase{};
    for (int wave = 0; wave < kWaves; ++wave) {
      hz[wave] = random.uniform(kSlowest, kFastest);
      phase[wave] = random.uniform();
    }
    for (std::int64_t frame = 0; frame < frames - apart; ++frame) {
      double sum = 0;
      for (int wave = 0; wave < kWaves; ++wave) {
        sum += std::sin(2 * std::numbers::pi *
                        (hz[wave] * static_cast<double>(frame) / fps + phase[wave]));
      }
      sway.push_back(static_cast<float>(amplitude * sum / std::sqrt(kWaves)));
    }
    sway.insert(sway.end(), static_cast<std::size_t>(apart), 0.0f);
  }
}

at::Tensor with_limbs(const at::Tensor& xy, const ArmDraws& draws) {
  const auto columns = [&](const std::vector<float>& values) {  // one [B, 1, 1] per segment
    return at::tensor(values).to(xy.device()).view({xy.size(0), -1, 1, 1}).unbind(1);
  };
  const std::vector<at::Tensor> angles = columns(draws.angle), sizes = columns(draws.length);
  at::Tensor result = xy.clone();
  std::size_t segment = 0;
  for (const Arm& arm : kArms) {
    const std::array<int, kSegments> joints = {arm.shoulder, arm.elbow, arm.wrist};
    for (int from = 0; from < kSegments; ++from, ++segment) {
      const at::Tensor cosine = angles[segment].cos() * sizes[segment],
                       sine = angles[segment].sin() * sizes[segment];
      const at::Tensor centre = result.narrow(2, joints[from], 1).clone();
      const auto turn_these = [&](int first, int count) {
        const at::Tensor points = result.narrow(2, first, count);
        points.copy_(turned(points, centre, cosine, sine));
      };
      for (int joint = from + 1; joint < kSegments; ++joint) turn_these(joints[joint], 1);
      turn_these(arm.hand, pose::kHandJoints);
    }
  }
  return result;
}

at::Tensor with_sway(const at::Tensor& xy, const ArmDraws& draws) {
  const at::Tensor sway =
      at::tensor(draws.sway).to(xy.device()).view({xy.size(0), std::ssize(kShares), xy.size(1)});
  const auto shift = [&](Movement movement) {  // [B, P, 1, 2]
    return sway.narrow(1, movement, 2).transpose(1, 2).unsqueeze(2);
  };
  at::Tensor result = xy.clone();
  const auto shift_arm = [&](const Arm& arm, Movement movement) {
    const at::Tensor by = shift(movement) + shift(both_arms);
    result.narrow(2, arm.elbow, 2).add_(by);  // the wrist follows the elbow
    result.narrow(2, arm.hand, pose::kHandJoints).add_(by);
  };
  shift_arm(kArms[0], right_arm);
  shift_arm(kArms[1], left_arm);
  const at::Tensor angle = sway.select(1, turn).unsqueeze(2);  // [B, P, 1]
  const at::Tensor neck = result.narrow(2, pose::kNeck, 1).clone();
  return turned(result, neck, angle.cos(), angle.sin()) + shift(everything);
}

}  // namespace minet::training
