// Music for a player whose frames arrive one by one, with the included model.
#include "minet/generation/live_player.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "minet/core/errors.hpp"
#include "support/input_error.hpp"
#include "support/source_folder.hpp"

namespace minet::generation {
namespace {

constexpr double kToken = 0.032;

// An arm that moves up and down once a second; other joints are not seen.
std::array<float, 141> player_at(double time_s) {
  std::array<float, 141> joints{};
  const auto put = [&](int joint, double x, double y) {
    float* to = joints.data() + 3 * joint;
    to[0] = static_cast<float>(x), to[1] = static_cast<float>(y), to[2] = 1;
  };
  const double up = std::sin(2 * 3.14159265 * time_s);
  put(pose::kNeck, 300, 200), put(pose::kRightShoulder, 250, 210),
      put(pose::kLeftShoulder, 350, 210);
  put(pose::kRightElbow, 220, 280), put(pose::kRightWrist, 260, 300 + 40 * up);
  return joints;
}

std::vector<float> played(const LivePlayerOptions& options, int tokens) {
  LivePlayer player(options);
  pose::CausalPose pose = player.make_pose();
  std::vector<float> sound;
  int pictures = 0;
  for (int t = 0; t < tokens; ++t) {
    const double now = t * kToken;
    for (; pictures * 0.04 <= now; ++pictures)
      pose.add(player_at(pictures * 0.04), pictures * 0.04);
    const std::span<const float> block = player.next(pose, now);
    EXPECT_EQ(static_cast<std::int64_t>(block.size()), player.block());
    sound.insert(sound.end(), block.begin(), block.end());
    player.watch(pose, now);
  }
  return sound;
}

LivePlayerOptions included() {
  return {.model = source_folder() / "models" / "plus"};
}

TEST(LivePlayer, PlaysABlockForEachTokenAndTheSameWithTheSameSeed) {
  const std::vector<float> sound = played(included(), 60);
  EXPECT_TRUE(std::all_of(sound.begin(), sound.begin() + 256, [](float x) { return x == 0; }));
  const float peak = std::abs(*std::max_element(
      sound.begin(), sound.end(), [](float a, float b) { return std::abs(a) < std::abs(b); }));
  EXPECT_GT(peak, 0.001);
  EXPECT_LT(peak, 1);
  EXPECT_EQ(sound, played(included(), 60));
  LivePlayerOptions other = included();
  other.sampling.seed = 1;
  EXPECT_NE(sound, played(other, 60));
}

TEST(LivePlayer, NotesChangeWhatIsPlayedAndEnd) {
  LivePlayerOptions options = included();
  options.notes.emplace({score::Note{.onset_s = 0.2, .duration_s = 0.5, .pitch = 72}});
  const std::vector<float> sound = played(options, 120);  // 3.8 s
  const auto energy = [&](double from, double to) {
    double sum = 0;
    for (auto i = static_cast<std::size_t>(from * 16000); i < static_cast<std::size_t>(to * 16000);
         ++i) {
      sum += static_cast<double>(sound[i]) * static_cast<double>(sound[i]);
    }
    return sum / (to - from);
  };
  EXPECT_GT(energy(0.3, 0.7), 10 * energy(3.3, 3.7));
}

// A note requested from token 10 on is in tune after the first frame of its block.
TEST(LivePlayer, ATokenSoundsAfterOneFrame) {
  LivePlayerOptions options = included();
  options.notes.emplace({score::Note{.onset_s = 0, .duration_s = 10 * kToken, .pitch = 60},
                         score::Note{.onset_s = 10 * kToken, .duration_s = 1, .pitch = 72}});
  EXPECT_DOUBLE_EQ(LivePlayer(options).reached_s(), 0.016);
  const std::vector<float> sound = played(options, 20);
  // The share of half a block's energy left after subtracting the previous period of this pitch.
  const auto unlike = [&](std::size_t first, double hz) {
    const auto period = static_cast<std::size_t>(std::lround(16000 / hz));
    double off = 0, all = 0;
    for (std::size_t i = first + period; i < first + 256; ++i) {
      off += std::pow(sound[i] - sound[i - period], 2), all += std::pow(sound[i], 2);
    }
    return off / all;
  };
  const std::size_t block = 512;
  EXPECT_GT(unlike(9 * block + 256, 523.25), 0.5);  // still C4
  EXPECT_LT(unlike(10 * block + 256, 523.25), 0.2);
}

TEST(LivePlayer, OtherModelsAreRefused) {
  const std::string message =
      input_error([] { LivePlayer({.model = source_folder() / "models" / "paper"}); });
  EXPECT_NE(message.find("model.kind"), std::string::npos) << message;
}

}  // namespace
}  // namespace minet::generation
