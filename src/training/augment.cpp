#include "minet/training/augment.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "minet/core/random.hpp"
#include "minet/pose/skeleton.hpp"
#include "training/move_arms.hpp"

namespace minet::training {
namespace {

constexpr double kShortestGapS = 0.2, kLongestGapS = 1;

// Swaps left and right, joint by joint.
std::array<std::int64_t, pose::kJoints> exchanged_joints() {
  std::array<std::int64_t, pose::kJoints> from{};
  const auto exchange = [&](int right, int left, int count) {
    for (int i = 0; i < count; ++i) {
      from[static_cast<std::size_t>(right + i)] = left + i;
      from[static_cast<std::size_t>(left + i)] = right + i;
    }
  };
  exchange(pose::kRightShoulder, pose::kLeftShoulder, 3);
  exchange(pose::kRightHand, pose::kLeftHand, pose::kHandJoints);
  return from;
}

// Where the fingers of one hand are taken from: interpolated between two frames of the clip.
struct Lookup {
  std::vector<std::int64_t> before, after;  // [B * P]
  std::vector<float> part;                  // fraction of the way from one to the other

  // Frames without a gap.
  void keep(std::int64_t first, std::int64_t count) {
    for (std::int64_t t = first; t < first + count; ++t) {
      before.push_back(t), after.push_back(t);
      part.push_back(0);
    }
  }

  void add_clip(std::int64_t frames, Random& random, bool lost, double fps) {
    std::int64_t first = frames, last = frames;  // lost frames are first .. last - 1
    if (lost) {
      const double seconds = kShortestGapS + random.uniform() * (kLongestGapS - kShortestGapS);
      const auto length = std::clamp<std::int64_t>(std::llround(seconds * fps), 1, frames - 1);
      first =
          static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(frames - length + 1)));
      last = first + length;
    }
    for (std::int64_t t = 0; t < frames; ++t) {
      const bool here = t >= first && t < last;
      std::int64_t from = here ? first - 1 : t, to = here ? last : t;
      if (from < 0) from = to;
      if (to >= frames) to = from;
      before.push_back(from), after.push_back(to);
      part.push_back(to > from ? static_cast<float>(t - from) / static_cast<float>(to - from) : 0);
    }
  }
};

// The random draws for a batch.
struct Draws {
  std::vector<float> mirrored, x_size, y_size, angle;  // [B]
  std::array<Lookup, 2> hands;                         // right, left
  ArmDraws arms;

  Draws(const models::Part& part, std::int64_t frames, std::int64_t apart,
        const config::TrainConfig& config, std::int64_t step) {
    const config::AugmentConfig& augment = config.augment;
    for (std::int64_t clip = part.first; clip < part.first + part.count; ++clip) {
      Random random(derive_seed(derive_seed(config.run.seed, "augment"), "clip",
                                static_cast<std::uint64_t>(step * part.total + clip)));
      // Each augmentation draws, used or not, so that enabling one does not change the others.
      mirrored.push_back(random.uniform() < augment.mirror ? 1.0f : 0.0f);
      x_size.push_back(static_cast<float>(std::exp(augment.build * random.normal())));
      y_size.push_back(static_cast<float>(std::exp(augment.build * random.normal())));
      angle.push_back(static_cast<float>(augment.turn * random.normal()));
      for (Lookup& hand : hands) {
        const bool lost = random.uniform() < augment.gaps;
        hand.add_clip(frames - apart, random, lost, config.pose.fps);
        hand.keep(frames - apart, apart);
      }
      arms.add_limbs(random, augment.limbs);
      if (augment.sway > 0) {  // drawn last
        arms.add_sway(random, augment.sway, frames, apart, config.pose.fps);
      }
    }
  }
};

// xy [B, P, J, 2] with gaps in the fingers of the hand whose first joint is `first`.
at::Tensor with_gaps(const at::Tensor& xy, const Lookup& lookup, int first, int wrist) {
  const std::int64_t clips = xy.size(0), frames = xy.size(1);
  const at::Tensor at_wrist = xy.narrow(2, wrist, 1);
  const at::Tensor fingers = xy.narrow(2, first, pose::kHandJoints) - at_wrist;
  const auto frames_at = [&](const std::vector<std::int64_t>& index) {
    return fingers.gather(1, at::tensor(index, at::kLong)
                                 .to(xy.device())
                                 .view({clips, frames, 1, 1})
                                 .expand({-1, -1, pose::kHandJoints, 2}));
  };
  const at::Tensor part = at::tensor(lookup.part).to(xy.device()).view({clips, frames, 1, 1});
  const at::Tensor found = at::lerp(frames_at(lookup.before), frames_at(lookup.after), part);
  at::Tensor result = xy.clone();
  result.narrow(2, first, pose::kHandJoints).copy_(found + at_wrist);
  return result;
}

}  // namespace

at::Tensor augmented(const at::Tensor& poses, const config::TrainConfig& config,
                     std::int64_t step) {
  return augmented(poses, config, step, models::part_of(nullptr, poses.size(0)));
}

at::Tensor augmented(const at::Tensor& poses, const config::TrainConfig& config, std::int64_t step,
                     const models::Part& part, std::int64_t apart) {
  const config::AugmentConfig& augment = config.augment;
  if (!augment.any()) return poses;
  const at::NoGradGuard no_grad;
  const std::int64_t clips = poses.size(0), frames = poses.size(1);
  const Draws draws(part, frames, apart, config, step);
  const auto column = [&](const std::vector<float>& values) {
    return at::tensor(values).to(poses.device()).view({clips, 1, 1});
  };
  at::Tensor xy = poses.view({clips, frames, pose::kJoints, 2});
  if (augment.mirror > 0) {
    static const auto kFrom = exchanged_joints();
    const at::Tensor from = at::tensor(at::ArrayRef<std::int64_t>(kFrom), at::kLong);
    const at::Tensor other =
        xy.index_select(2, from.to(poses.device())) * at::tensor({-1.0f, 1.0f}).to(poses.device());
    xy = at::where(column(draws.mirrored).unsqueeze(-1) > 0, other, xy);
  }
  if (augment.gaps > 0) {
    xy = with_gaps(xy, draws.hands[0], pose::kRightHand, pose::kRightWrist);
    xy = with_gaps(xy, draws.hands[1], pose::kLeftHand, pose::kLeftWrist);
  }
  if (augment.limbs > 0) xy = with_limbs(xy, draws.arms);
  if (augment.sway > 0) xy = with_sway(xy, draws.arms);
  if (augment.build > 0 || augment.turn > 0) {
    const at::Tensor x = xy.select(3, 0) * column(draws.x_size);
    const at::Tensor y = xy.select(3, 1) * column(draws.y_size);
    const at::Tensor angle = column(draws.angle);
    xy = rotated(x, y, angle.cos(), angle.sin());
  }
  return xy.reshape(poses.sizes());
}

}  // namespace minet::training
