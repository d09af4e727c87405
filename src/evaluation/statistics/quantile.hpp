// A quantile that is one of the values.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace minet::evaluation {

// The smallest value that `share` of the sorted values do not exceed. `sorted` is not empty.
template <class Value>
Value quantile(const std::vector<Value>& sorted, double share) {
  const double place = std::ceil(share * static_cast<double>(sorted.size())) - 1;
  return sorted[static_cast<std::size_t>(std::max(0.0, place))];
}

}  // namespace minet::evaluation
