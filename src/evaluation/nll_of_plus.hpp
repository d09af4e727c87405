// The metric nll of a plus model (docs/plus.md), which has no codes.
#pragma once

#include "minet/evaluation/nll.hpp"

namespace minet::evaluation {

EvalResult evaluate_plus_nll(const NllOptions& options);

}  // namespace minet::evaluation
