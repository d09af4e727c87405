// The classifier on synthetic sounds of known timbres: recognised whatever their notes and level,
// and at chance where there is nothing to learn.
#include "evaluation/instrument_classifier.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "evaluation/support.hpp"
#include "minet/core/random.hpp"

namespace minet::evaluation {
namespace {

// A tune of four random notes on an instrument whose partials fall off by `tilt`; with `odd`, odd
// partials only.
audio::Sound play(double tilt, bool odd, double level, Random& random) {
  audio::Sound sound{.sample_rate = 16000, .samples = {}};
  for (int note = 0; note < 4; ++note) {
    const double hz = 200 * std::pow(2, random.uniform());
    for (int i = 0; i < 8000; ++i) {
      double value = 0;
      for (int k = 1; k <= 12; k += odd ? 2 : 1) {
        value += std::sin(2 * std::numbers::pi * hz * k * i / 16000) / std::pow(k, tilt);
      }
      sound.samples.push_back(static_cast<float>(level * (value + 0.01 * random.normal())));
    }
  }
  return sound;
}

InstrumentExamples examples(std::int64_t groups, std::uint64_t seed) {
  Random random(seed);
  InstrumentExamples result;
  std::vector<at::Tensor> rows;
  for (std::int64_t group = 0; group < groups; ++group) {
    for (std::int64_t label = 0; label < 3; ++label) {
      const double tilt = (label == 1 ? 2.0 : 0.8) + 0.1 * random.normal();
      const audio::Sound sound = play(tilt, label == 2, 0.02 + 0.1 * random.uniform(), random);
      rows.push_back(at::tensor(tone_colour(sound), at::kDouble));
      result.labels.push_back(label);
      result.groups.push_back(group);
    }
  }
  result.features = at::stack(rows);
  return result;
}

TEST(InstrumentClassifier, HearsTheColourOfSoundsThatItNeverHeard) {
  const InstrumentClassifier classifier(examples(12, 1), 3);
  EXPECT_GT(classifier.cross_validation(), 0.9);
  const InstrumentExamples fresh = examples(10, 2);
  EXPECT_GT(accuracy(classifier.classify(fresh.features), fresh.labels), 0.9);
}

TEST(InstrumentClassifier, OfShuffledLabelsIsAtChance) {
  InstrumentExamples shuffled = examples(24, 3);
  Random random(4);
  const std::vector<std::int64_t> order = random.permutation(72);
  std::vector<std::int64_t> labels;
  for (const std::int64_t i : order) labels.push_back(shuffled.labels[static_cast<std::size_t>(i)]);
  shuffled.labels = labels;
  const InstrumentClassifier classifier(shuffled, 3);
  const InstrumentExamples fresh = examples(30, 5);
  // Chance is 1/3; the 90 sounds form three clusters. Far below the 0.9 above.
  EXPECT_LT(accuracy(classifier.classify(fresh.features), fresh.labels), 0.68);
  EXPECT_LT(classifier.cross_validation(), 0.55);
}

TEST(InstrumentClassifier, LeavesWholeGroupsOut) {
  // Every label is in one group only, so a left-out label is never trained on: none can be right.
  InstrumentExamples leaking = examples(8, 6);
  leaking.groups = leaking.labels;
  EXPECT_EQ(InstrumentClassifier(leaking, 3).cross_validation(), 0);
}

TEST(InstrumentClassifier, NeedsTwoGroups) {
  InstrumentExamples one = examples(4, 7);
  one.groups.assign(one.groups.size(), 0);
  EXPECT_CONTAINS(input_error([&] { InstrumentClassifier(one, 3); }), "two groups");
}

TEST(ToneColour, DoesNotDependOnTheLevelAndOfSilenceIsZero) {
  Random random(8);
  audio::Sound sound = play(1, false, 0.1, random);
  const std::vector<double> loud = tone_colour(sound);
  for (float& sample : sound.samples) sample *= 0.1F;
  const std::vector<double> soft = tone_colour(sound);
  for (std::size_t i = 0; i < loud.size(); ++i) EXPECT_NEAR(loud[i], soft[i], 1e-3);
  const std::vector<double> none =
      tone_colour({.sample_rate = 16000, .samples = std::vector<float>(16000)});
  for (const double value : none) EXPECT_EQ(value, 0);
}

}  // namespace
}  // namespace minet::evaluation
