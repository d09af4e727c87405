// The same recording is found in every disguise; another take of the same tune does not match.
#include "corpus/landmarks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "corpus/helpers.hpp"
#include "corpus/same_take.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/check.hpp"
#include "minet/corpus/prepare.hpp"

namespace minet::corpus {
namespace {

// A tune of sustained notes. The same `tune` with a different `player` has the same notes at nearly
// the same times, but a different tuning, vibrato and timbre.
audio::Sound play(std::uint64_t tune, std::uint64_t player, double seconds) {
  Random notes(derive_seed(tune, "notes")), hands(derive_seed(player, "hands"));
  audio::Sound sound{.sample_rate = 16000, .samples = {}};
  sound.samples.resize(static_cast<std::size_t>(seconds * 16000));
  const double colour = hands.uniform(0.5, 0.8), vibrato = hands.uniform(4.5, 6.5);
  double start = 0.2;
  while (start < seconds - 0.3) {
    const double length = 0.2 + 0.15 * static_cast<double>(notes.below(4));
    const auto pitch = 55 + static_cast<double>(notes.below(24));
    const double hz = 440 * std::exp2((pitch - 69 + hands.uniform(-0.1, 0.1)) / 12);
    const double onset = start + hands.uniform(-0.02, 0.02);
    const double begin = hands.uniform(0, 6.28);
    double phase = 0;
    const auto first = static_cast<std::size_t>(onset * 16000);
    const auto count = static_cast<std::size_t>(length * 16000);
    for (std::size_t i = 0; i < count && first + i < sound.samples.size(); ++i) {
      const double t = static_cast<double>(i) / 16000;
      phase += 2 * std::numbers::pi * hz / 16000 *
               (1 + 0.004 * std::sin(2 * std::numbers::pi * vibrato * t + begin));
      const double envelope = std::min({t / 0.03, (length - t) / 0.05, 1.0}) * std::exp(-t);
      double value = 0, level = 0.15;
      for (int k = 1; k <= 6; ++k, level *= colour) value += level * std::sin(k * phase);
      sound.samples[first + i] += static_cast<float>(envelope * value);
    }
    start += length;
  }
  return sound;
}

audio::Sound with_noise(audio::Sound sound, double snr_db) {
  double power = 0;
  for (const float value : sound.samples) power += static_cast<double>(value) * value;
  const double level = std::sqrt(power / static_cast<double>(sound.samples.size())) *
                       std::pow(10.0, -snr_db / 20) * std::sqrt(3.0);
  Random random(7);
  for (float& value : sound.samples) value += static_cast<float>(random.uniform(-level, level));
  return sound;
}

audio::Sound cut(const audio::Sound& sound, double from, double to) {
  return {.sample_rate = 16000,
          .samples = {sound.samples.begin() + std::llround(from * 16000),
                      sound.samples.begin() + std::llround(to * 16000)}};
}

class SameTakes : public testing::Test {
 protected:
  std::vector<SameTake> find(const std::vector<audio::Sound>& sounds) {
    std::vector<std::vector<Landmark>> landmarks;
    for (std::size_t i = 0; i < sounds.size(); ++i) {
      audio::save_flac(path(i), sounds[i]);
      landmarks.push_back(find_landmarks(sounds[i].samples));
    }
    return find_same_takes(landmarks, std::vector<int>(sounds.size(), 0),
                           [&](std::size_t i) { return path(i); }, {.threads = 2});
  }
  std::filesystem::path path(std::size_t i) const {
    return folder_.path() / text("track", i, ".flac");
  }
  TempFolder folder_;
};

TEST_F(SameTakes, AreFoundWithTheirOffsetInEveryDisguise) {
  const audio::Sound take = play(1, 1, 30);
  audio::Sound quiet = take, late = take;
  for (float& value : quiet.samples) value *= 0.1F;
  late.samples.insert(late.samples.begin(), 24321, 0.0F);
  audio::save_wav(folder_.path() / "take.wav", take);
  const std::vector<std::pair<audio::Sound, double>> disguises = {
      {take, 0.0},
      {quiet, 0.0},
      {late, 24321 / 16000.0},
      {cut(take, 8, 22), -8.0},
      {with_noise(take, 20), 0.0},
      {with_noise(take, 10), 0.0},
      {with_noise(cut(take, 5.0123, 29), 20), -5.0123}};
  for (std::size_t i = 0; i < disguises.size(); ++i) {
    const auto found = find({take, play(2, 1, 30), disguises[i].first});
    ASSERT_EQ(found.size(), 1U) << i;
    EXPECT_EQ(found[0].first, 0U);
    EXPECT_EQ(found[0].second, 2U);
    EXPECT_NEAR(found[0].offset_s, disguises[i].second, 0.0005) << i;
    EXPECT_GT(found[0].correlation, 0.85) << i;
  }
}

TEST_F(SameTakes, AreNotOtherPlayersOfTheSameTune) {
  std::vector<audio::Sound> sounds;
  for (std::uint64_t player = 1; player <= 6; ++player) sounds.push_back(play(1, player, 30));
  EXPECT_TRUE(find(sounds).empty());
}

TEST_F(SameTakes, AreNotSilenceNorSteadyTones) {
  const audio::Sound silence{.sample_rate = 16000, .samples = std::vector<float>(160000, 0.0F)};
  EXPECT_TRUE(find_landmarks(silence.samples).empty());
  EXPECT_TRUE(find_landmarks({}).empty());
  EXPECT_TRUE(find({silence, silence, tone(10, 440), tone(12, 440), with_noise(tone(10, 440), 30),
                    with_noise(tone(14, 440), 40)})
                  .empty());
}

TEST_F(SameTakes, SayTheSameOnAnyNumberOfThreads) {
  std::vector<std::vector<Landmark>> landmarks;
  for (std::size_t i = 0; i < 6; ++i) {
    const audio::Sound sound = play(i / 2, 1, 15);
    audio::save_flac(path(i), sound);
    landmarks.push_back(find_landmarks(sound.samples));
  }
  const auto describe = [&](int threads) {
    std::string told;
    for (const SameTake& take :
         find_same_takes(landmarks, {0, 1, 0, 1, 0, 1}, [&](std::size_t i) { return path(i); },
                         {.threads = threads})) {
      told += text(take.first, " ", take.second, " ", take.offset_s, "; ");
    }
    return told;
  };
  EXPECT_EQ(describe(1), "0 1 0; 2 3 0; 4 5 0; ");
  EXPECT_EQ(describe(1), describe(5));
}

TEST_F(SameTakes, AreFoundAmongRealPhrases) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared data: set MINET_SHARED_DATA to its folder";
  std::vector<audio::Sound> sounds;
  for (const char* name : {"violin", "flute_traversiere", "clarinet", "tuba", "horn", "trombone"}) {
    sounds.push_back(audio::read_sound(data / "audio/gcompris" / text(name, ".ogg")));
  }
  sounds.push_back(audio::read_sound(data / "audio/sms-tools/cello-phrase.wav"));
  sounds.push_back(audio::read_sound(data / "urmp/mix_vn_vn_48k.wav"));
  EXPECT_TRUE(find(sounds).empty());
  const std::size_t real = sounds.size();
  for (std::size_t i = 0; i < 7; ++i) {
    audio::Sound copy = with_noise(sounds[i], 20);
    copy.samples.erase(copy.samples.begin(), copy.samples.begin() + 5000);
    sounds.push_back(std::move(copy));
  }
  std::size_t found = 0;
  for (const SameTake& take : find(sounds)) {
    EXPECT_EQ(take.second, take.first + real);
    EXPECT_NEAR(take.offset_s, -5000 / 16000.0, 0.0005);
    ++found;
  }
  EXPECT_EQ(found, 7U);
}

TEST(CheckSameTakes, TellsOfLeaksAndOfDoubles) {
  TempFolder folder;
  const audio::Sound take = play(1, 1, 20), other = play(1, 2, 20);
  audio::save_wav(folder.path() / "a.wav", take);
  audio::save_wav(folder.path() / "b.wav", with_noise(cut(take, 1.5, 19), 30));
  audio::save_wav(folder.path() / "c.wav", other);
  pose::save_pose_npy(folder.path() / "p.npy", waving_player(500));
  const auto report = [&](const char* split_of_b) {
    write_text(folder.path() / "t.csv", text("audio,pose,split\na.wav,p.npy,train\nb.wav,p.npy,",
                                             split_of_b, "\nc.wav,p.npy,test\n"));
    prepare_folder(
        {.table = folder.path() / "t.csv", .out = folder.path() / "corpus", .force = true});
    return check(folder.path() / "corpus");
  };
  const CheckReport leak = report("test");
  EXPECT_EQ(leak.problems, std::vector<std::string>{
                               "a and b hold the same recording (1.5 s earlier in b), one in train "
                               "and one in test; give both one group"});
  ASSERT_EQ(leak.shared_sounds.size(), 1U);
  EXPECT_TRUE(leak.shared_sounds[0].leak);
  EXPECT_DOUBLE_EQ(leak.shared_sounds[0].offset_s, -1.5);
  EXPECT_CONTAINS(to_json(leak), "\"offset_s\": -1.5");
  const CheckReport twice = report("train");
  EXPECT_TRUE(twice.usable());
  EXPECT_CONTAINS(join(twice.warnings, "\n"), "a and b hold the same recording");
}

}  // namespace
}  // namespace minet::corpus
