// Hands that move at each onset, shifted in time: the lag is found, with no false alarms by chance.
#include "corpus/in_step.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "corpus/helpers.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/check.hpp"
#include "minet/corpus/prepare.hpp"

namespace minet::corpus {
namespace {

std::vector<double> onset_times(std::uint64_t seed, double seconds) {
  Random random(seed);
  std::vector<double> times;
  for (double t = 0.5; t < seconds - 0.5; t += random.uniform(0.25, 0.9)) times.push_back(t);
  return times;
}

audio::Sound sound_of(const std::vector<double>& onsets, double seconds) {
  audio::Sound sound{.sample_rate = 16000, .samples = {}};
  sound.samples.resize(static_cast<std::size_t>(seconds * 16000));
  for (std::size_t n = 0; n < onsets.size(); ++n) {
    const double hz = 220 * std::exp2(static_cast<double>(n * 5 % 12) / 12);
    const auto first = static_cast<std::size_t>(onsets[n] * 16000);
    for (std::size_t i = 0; i < 4000 && first + i < sound.samples.size(); ++i) {
      const double t = static_cast<double>(i) / 16000;
      sound.samples[first + i] += static_cast<float>(
          0.3 * std::min(t / 0.01, 1.0) * (1 - t / 0.25) * std::sin(2 * std::numbers::pi * hz * t));
    }
  }
  return sound;
}

// The right wrist jumps `lag` seconds after each onset; `lag` may change along the track.
template <class LagAt>
pose::PoseSequence player_of(const std::vector<double>& onsets, double seconds, const LagAt& lag) {
  pose::PoseSequence pose = waving_player(std::llround(seconds * 25));
  for (std::size_t n = 0; n < onsets.size(); ++n) {
    const double at = onsets[n] + lag(onsets[n]);
    for (std::int64_t frame = 0; frame < pose.frames; ++frame) {
      const double past = (static_cast<double>(frame) / 25 - at) / 0.05;
      const auto moved = static_cast<float>((n % 2 ? 30 : -30) * (1 + std::tanh(past)) / 2);
      for (int joint = pose::kRightWrist; joint < pose::kLeftShoulder; ++joint) {
        pose.joint(frame, joint)[0] += moved;
      }
      for (int joint = pose::kRightHand; joint < pose::kLeftHand; ++joint) {
        pose.joint(frame, joint)[0] += moved;
      }
    }
  }
  return pose;
}

TEST(InStepTest, TheLagOfTheHandsIsFoundInBothDirections) {
  const auto onsets = onset_times(1, 60);
  const audio::Sound sound = sound_of(onsets, 60);
  for (const double lag : {-1.0, -0.4, 0.0, 0.12, 0.6, 1.4}) {
    const InStep found =
        judge_in_step(sound.samples, player_of(onsets, 60, [&](double) { return lag; }));
    ASSERT_TRUE(found.whole);
    EXPECT_TRUE(found.whole->significant) << found.whole->deviations;
    EXPECT_NEAR(found.whole->seconds, lag, 0.061);
    EXPECT_EQ(found.complaint().empty(), std::abs(lag) < 0.25) << found.complaint();
    if (lag == -1.0) {
      EXPECT_CONTAINS(found.complaint(), "s before the sound");
    } else if (lag == 0.6) {
      EXPECT_CONTAINS(found.complaint(), "s after the sound");
    }
  }
}

TEST(InStepTest, FramesLostOnTheWayAreADrift) {
  const auto onsets = onset_times(2, 80);
  const InStep found =
      judge_in_step(sound_of(onsets, 80).samples,
                    player_of(onsets, 80, [](double t) { return t < 40 ? 0.0 : -0.6; }));
  EXPECT_CONTAINS(found.complaint(), "drift apart");
  EXPECT_CONTAINS(found.complaint(), "at the start");
}

TEST(InStepTest, ForeignMovementIsNotAccused) {
  int complaints = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const InStep found =
        judge_in_step(sound_of(onset_times(seed, 40), 40).samples,
                      player_of(onset_times(seed + 100, 40), 40, [](double) { return 0.0; }));
    complaints += !found.complaint().empty();
  }
  EXPECT_EQ(complaints, 0);
}

TEST(InStepTest, NothingIsSaidOfShortSilentOrStillTracks) {
  const auto onsets = onset_times(1, 30);
  const audio::Sound sound = sound_of(onsets, 30);
  const pose::PoseSequence pose = player_of(onsets, 30, [](double) { return 1.0; });
  EXPECT_TRUE(judge_in_step(sound.samples, pose).whole);
  EXPECT_FALSE(judge_in_step(std::span(sound.samples).first(16000 * 19), pose).whole);
  const std::vector<float> silence(16000 * 30, 0.0F);
  EXPECT_FALSE(judge_in_step(silence, pose).whole);
  pose::PoseSequence still = waving_player(750);
  for (std::int64_t frame = 1; frame < still.frames; ++frame) {
    std::copy_n(still.joint(0, 0), pose::kJoints * 3, still.joint(frame, 0));
  }
  EXPECT_FALSE(judge_in_step(sound.samples, still).whole);
  EXPECT_FALSE(judge_in_step({}, {}).whole);
}

TEST(InStepTest, TheCheckWarnsOfIt) {
  TempFolder folder;
  const auto onsets = onset_times(3, 40);
  audio::save_wav(folder.path() / "a.wav", sound_of(onsets, 40));
  pose::save_pose_npy(folder.path() / "a.npy", player_of(onsets, 40, [](double) { return 0.8; }));
  write_text(folder.path() / "t.csv", "audio,pose\na.wav,a.npy\n");
  prepare_folder({.table = folder.path() / "t.csv", .out = folder.path() / "corpus"});
  const CheckReport report = check(folder.path() / "corpus");
  EXPECT_TRUE(report.usable());
  EXPECT_CONTAINS(join(report.warnings, "\n"), "a: the hands seem to move 0.8");
  ASSERT_EQ(report.tracks.size(), 1U);
  ASSERT_TRUE(report.tracks[0].lag_s);
  EXPECT_NEAR(*report.tracks[0].lag_s, 0.8, 0.061);
  EXPECT_CONTAINS(describe(report), "in 1 of 1 tracks");
  EXPECT_CONTAINS(to_json(report), "\"lag_s\": 0.");
}

}  // namespace
}  // namespace minet::corpus
