// Real training sound with labels, on which the instrument classifier is fitted.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "evaluation/instrument_classifier.hpp"
#include "evaluation/labels.hpp"
#include "evaluation/scene.hpp"

namespace minet::evaluation {

at::Tensor rows_of(const std::vector<std::vector<double>>& rows);  // [N, D]

// `count` clips of split 'train' at random places; 0: all. InputError: fewer than two instruments.
InstrumentExamples instrument_examples(const Scene& scene, const Labels& labels,
                                       std::int64_t count);

}  // namespace minet::evaluation
