// xoshiro256++ 1.0 seeded by SplitMix64 (Blackman and Vigna, https://prng.di.unimi.it/).
// Integers and uniforms are identical on every platform; `normal` uses log and cos, whose last bit
// depends on the C library.
#include "minet/core/random.hpp"

#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "minet/core/errors.hpp"

namespace minet {
namespace {

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

std::uint64_t split_mix(std::uint64_t& state) {
  return mix(state += 0x9E3779B97F4A7C15ULL);
}

}  // namespace

std::uint64_t derive_seed(std::uint64_t seed, std::string_view purpose, std::uint64_t index,
                          std::uint64_t second_index) {
  std::uint64_t name = 0xCBF29CE484222325ULL;  // FNV-1a, 64 bits
  for (const char c : purpose) {
    name = (name ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  std::uint64_t state = seed;
  std::uint64_t out = split_mix(state);
  for (const std::uint64_t part : {name, index, second_index}) {
    state = out ^ part;
    out = split_mix(state);
  }
  return out;
}

Random::Random(std::uint64_t seed) {
  for (auto& word : state_) word = split_mix(seed);
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Random::uniform() {
  return static_cast<double>(next() >> 11) * 0x1p-53;
}

double Random::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

std::uint64_t Random::below(std::uint64_t bound) {
  if (bound == 0) throw WorkError("Random::below needs a bound above 0");
  const std::uint64_t uneven = (0 - bound) % bound;  // 2^64 mod bound: rejected, else biased
  for (;;) {
    const std::uint64_t value = next();
    if (value >= uneven) return value % bound;
  }
}

double Random::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));  // 1 - uniform() is never 0
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

std::vector<std::int64_t> Random::permutation(std::int64_t n) {
  if (n < 0) throw WorkError("Random::permutation needs a length of at least 0");
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[below(i)]);
  return order;
}

}  // namespace minet
