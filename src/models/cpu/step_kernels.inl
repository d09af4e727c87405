// The kernels of step_kernels.hpp for one instruction set. Included once for each, between pragmas
// that name it.
#include "models/cpu/vector_math.inl"

// kRows rows together: the weights are read once for all of them.
template <int kRows>
static inline void linear_rows(const LinearCall& call, const float* x, float* y) {
  const V zero = {};
  for (long first = 0; first < call.out; first += kPanel) {
    const float* panel = call.panels + first * call.in;
    for (int part = 0; part < kPanel; part += kRows == 1 ? kPanel : 32) {
      // Accumulators per row: four vectors for a single row, otherwise two.
      constexpr int kSums = kRows == 1 ? kPanel / 16 : 2;
      V sums[kRows][kSums];
      for (int s = 0; s < kSums; ++s) {
        const V bias = call.bias != nullptr ? load(call.bias + first + part + 16 * s) : zero;
        for (int r = 0; r < kRows; ++r) sums[r][s] = bias;
      }
      const float* weights = panel + part;
      for (long i = 0; i < call.in; ++i, weights += kPanel) {
        for (int r = 0; r < kRows; ++r) {
          const V value = splat(x[r * call.x_stride + i]);
          for (int s = 0; s < kSums; ++s) sums[r][s] += value * load(weights + 16 * s);
        }
      }
      for (int r = 0; r < kRows; ++r) {
        for (int s = 0; s < kSums; ++s) {
          const V value = sums[r][s];
          store(y + r * call.y_stride + first + part + 16 * s,
                call.relu ? (value > zero ? value : zero) : value);
        }
      }
    }
  }
}

static void linear(const LinearCall& call) {
  long row = 0;
  for (; row + 4 <= call.rows; row += 4) {
    linear_rows<4>(call, call.x + row * call.x_stride, call.y + row * call.y_stride);
  }
  for (; row < call.rows; ++row) {
    linear_rows<1>(call, call.x + row * call.x_stride, call.y + row * call.y_stride);
  }
}

static void attend(const AttendCall& call) {
  const float* q = call.query;
  V largest = splat(-1e30F);
  for (long j = 0; j < call.count; j += 16) {
    const float* keys = call.keys + j;
    V scores = {}, more = {};
    for (long i = 0; i + 1 < call.head_width; i += 2) {
      scores += load(keys + i * call.key_stride) * q[i];
      more += load(keys + (i + 1) * call.key_stride) * q[i + 1];
    }
    scores = (scores + more) * call.scale;
    if (j + 16 > call.count) {
      for (int lane = static_cast<int>(call.count - j); lane < 16; ++lane) scores[lane] = -1e30F;
    }
    largest = scores > largest ? scores : largest;
    store(call.scores + j, scores);
  }
  const float top = largest_of(largest);
  V total = {};
  for (long j = 0; j < call.count; j += 16) {
    const V weight = exponential(load(call.scores + j) - top);
    store(call.scores + j, weight);
    total += weight;
  }
  const float scale = 1 / sum(total);
  for (long i = 0; i < call.value_stride; i += 16) {
    const float* values = call.values + i;
    V a = {}, b = {}, c = {}, d = {};
    long j = 0;
    for (; j + 4 <= call.count; j += 4) {
      a += load(values + j * call.value_stride) * call.scores[j];
      b += load(values + (j + 1) * call.value_stride) * call.scores[j + 1];
      c += load(values + (j + 2) * call.value_stride) * call.scores[j + 2];
      d += load(values + (j + 3) * call.value_stride) * call.scores[j + 3];
    }
    for (; j < call.count; ++j) a += load(values + j * call.value_stride) * call.scores[j];
    store(call.out + i, ((a + b) + (c + d)) * scale);
  }
}

static void weigh(const WeighCall& call) {
  V most = load(call.logits);
  for (long i = 16; i < call.count; i += 16) {
    const V value = load(call.logits + i);
    most = value > most ? value : most;
  }
  const float largest = largest_of(most);
  for (long block = 0; block < call.count; block += kPanel) {
    V total = {};
    for (long i = block; i < block + kPanel; i += 16) {
      const V weight = exponential((load(call.logits + i) - largest) * call.scale);
      store(call.weights + i, weight);
      total += weight;
    }
    call.sums[block / kPanel] = sum(total);
  }
}

// Two passes, for accuracy: deviations are small only when taken from the true mean.
static void normalise(const NormCall& call) {
  V total = {};
  for (long i = 0; i < call.width; i += 16) total += load(call.x + i);
  const float mean = sum(total) / static_cast<float>(call.width);
  V squares = {};
  for (long i = 0; i < call.width; i += 16) {
    const V away = load(call.x + i) - mean;
    squares += away * away;
  }
  const float variance = sum(squares) / static_cast<float>(call.width);
  const float scale = 1 / __builtin_sqrtf(variance + 1e-5F);
  for (long i = 0; i < call.width; i += 16) {
    store(call.y + i,
          (load(call.x + i) - mean) * scale * load(call.weight + i) + load(call.bias + i));
  }
}
