// Classifies the instrument of a sound; fitted on real sound only.
// Letters: N sounds, D features per sound, C instruments.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "minet/audio/sound.hpp"

namespace minet::evaluation {

// Timbre features, independent of level and the order of notes: mean and deviation, over the frames
// within 40 dB of the loudest, of 40 log mel bands, each less the mean of all bands. [D]
std::vector<double> tone_colour(const audio::Sound& sound);

struct InstrumentExamples {
  at::Tensor features;               // [N, D] double
  std::vector<std::int64_t> labels;  // 0 .. C - 1
  std::vector<std::int64_t> groups;  // sounds of one group stay together in cross-validation
};

// Nearest neighbour, or multinomial logistic regression with an L2 penalty; the choice and the
// strength of the penalty are the best in cross-validation over groups (up to five folds).
class InstrumentClassifier {
 public:
  InstrumentClassifier(const InstrumentExamples& examples, std::int64_t classes);
  std::vector<std::int64_t> classify(const at::Tensor& features) const;  // [N, D]

  bool linear() const { return strength_ > 0; }
  double strength() const { return strength_; }                  // 0: nearest neighbour
  double cross_validation() const { return cross_validation_; }  // accuracy of the chosen one

 private:
  double strength_ = 0, cross_validation_ = 0;
  at::Tensor mean_, deviation_;  // [D]
  at::Tensor rows_;              // nearest: [N, D]
  std::vector<std::int64_t> labels_;
  at::Tensor weights_;  // linear: [D + 1, C]

  void fit(const InstrumentExamples& examples, std::int64_t classes, double strength);
};

double accuracy(const std::vector<std::int64_t>& heard, const std::vector<std::int64_t>& labels);

}  // namespace minet::evaluation
