// Vectors of 16 floats and the operations that the kernels need; each *_kernels.inl includes this
// file first. It is included once per instruction set, between pragmas that name it; a vector
// becomes 1, 2 or 4 registers. No includes here, so that no inline function of a library is
// compiled for an instruction set that the processor may not have.

typedef float V __attribute__((vector_size(64), aligned(4), may_alias));
typedef int I __attribute__((vector_size(64), aligned(4), may_alias));

static inline V load(const float* from) {
  return *reinterpret_cast<const V*>(from);
}
static inline void store(float* to, V value) {
  *reinterpret_cast<V*>(to) = value;
}
static inline V splat(float value) {
  return V{} + value;
}
static inline float sum(V value) {
  float total = 0;
  for (int i = 0; i < 16; ++i) total += value[i];
  return total;
}

static inline float largest_of(V value) {
  float largest = value[0];
  for (int i = 1; i < 16; ++i) largest = value[i] > largest ? value[i] : largest;
  return largest;
}

// e^x, x <= 0, clamped at -87. Reduction and polynomial of Cephes' expf, as in audio/fast_math.hpp.
static inline V exponential(V x) {
  const V low = splat(-87.0F), rounder = splat(12582912.0F);  // 1.5 * 2^23
  x = x < low ? low : x;
  const V n = (x * 1.44269504088896341F + rounder) - rounder;
  const V r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  V p = r * 1.9875691500e-4F + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const I power = (__builtin_convertvector(n, I) + 127) << 23;
  return (p * (r * r) + r + 1.0F) * (V)power;
}
