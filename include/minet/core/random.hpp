// Random numbers that are the same on every platform: xoshiro256++ seeded by SplitMix64
// (https://prng.di.unimi.it/; public-domain algorithms of Blackman and Vigna).
// Every generator in the project gets its seed from the user's seed and its purpose, as in
// derive_seed(seed, "order", epoch).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace minet {

std::uint64_t derive_seed(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0,
                          std::uint64_t second_index = 0);

class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t next();                      // 64 random bits
  double uniform();                          // [0, 1)
  double uniform(double low, double high);   // [low, high)
  std::uint64_t below(std::uint64_t bound);  // 0 .. bound-1, unbiased; bound > 0
  double normal();                           // mean 0, variance 1
  std::vector<std::int64_t> permutation(std::int64_t n);

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace minet
