// Legal values of a field, and the origin of its default. Each check can describe itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace minet::config {

// paper: stated in arXiv 2012.03478. inferred: follows from the paper by arithmetic, or from a work
// that it builds on. ours: the paper does not say; chosen here.
enum class Origin { paper, inferred, ours };

template <class Number>
struct Range {
  Number low;
  Number high;
  bool low_open = false;  // `low` itself is excluded
  bool high_open = false;

  bool holds(Number value) const {  // false for NaN
    return (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high);
  }
};

using IntegerRange = Range<std::int64_t>;
using SeedRange = Range<std::uint64_t>;
using NumberRange = Range<double>;

inline IntegerRange whole(std::int64_t low, std::int64_t high) {
  return {low, high};
}
inline SeedRange any_seed() {
  return {0, std::numeric_limits<std::uint64_t>::max()};
}
inline NumberRange closed(double low, double high) {
  return {low, high};
}  // [low, high]
inline NumberRange above(double low, double high) {
  return {low, high, true};
}  // (low, high]
inline NumberRange below(double low, double high) {
  return {low, high, false, true};
}  // [low, high)
inline NumberRange open(double low, double high) {
  return {low, high, true, true};
}  // (low, high)

// A list of integers.
struct ListCheck {
  std::size_t shortest;
  std::size_t longest;
  IntegerRange item;
};

// One of an enum's words, or true or false.
struct Choice {};
inline Choice choice() {
  return {};
}

}  // namespace minet::config
