// Branch-free logarithm and exponential, so that the compiler vectorises loops over them without
// -ffast-math. Range reduction and polynomials of Cephes' logf and expf (S. L. Moshier,
// https://www.netlib.org/cephes/), accurate to about one unit in the last place of a float.
#pragma once

#include <bit>
#include <cstdint>

namespace minet::audio {

// ln(x) for normal positive x.
inline float fast_log(float x) {
  constexpr std::int32_t kRootHalf = 0x3f3504f3;  // bits of sqrt(1/2), the mantissa's lower bound
  const auto bits = std::bit_cast<std::int32_t>(x);
  const std::int32_t exponent = (bits - kRootHalf) >> 23;
  const float m = std::bit_cast<float>(bits - exponent * (1 << 23)) - 1.0F;  // [-0.293, 0.414]
  const auto e = static_cast<float>(exponent);
  const float z = m * m;
  float p = 7.0376836292e-2F;
  p = p * m - 1.1514610310e-1F;
  p = p * m + 1.1676998740e-1F;
  p = p * m - 1.2420140846e-1F;
  p = p * m + 1.4249322787e-1F;
  p = p * m - 1.6668057665e-1F;
  p = p * m + 2.0000714765e-1F;
  p = p * m - 2.4999993993e-1F;
  p = p * m + 3.3333331174e-1F;
  float y = p * m * z;
  y += e * -2.12194440e-4F;  // ln 2 is split in two
  y -= 0.5F * z;
  return (m + y) + e * 0.693359375F;
}

// e^x with x clamped to [-87, 88], where the result is a normal float.
inline float fast_exp(float x) {
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
  x = x < -87.0F ? -87.0F : x;
  x = x > 88.0F ? 88.0F : x;
  const float shifted = x * 1.44269504088896341F + kRounder;
  const float n = shifted - kRounder;
  const float r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float y = p * (r * r) + r + 1.0F;
  return y * std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) * (1 << 23));
}

}  // namespace minet::audio
