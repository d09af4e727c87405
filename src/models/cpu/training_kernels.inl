// The kernels of training_kernels.hpp for one instruction set.
#include "models/cpu/vector_math.inl"

typedef unsigned int U __attribute__((vector_size(64)));

static constexpr int kRows = 8;  // queries at once

// Room for one head, padded with zeros to whole vectors: rows [rows, columns], or columns first.
struct HeadRoom {
  std::int64_t rows, columns;
  float *queries, *keys, *values;          // rows
  float *key_columns, *value_columns;      // [columns, rows]
  float *out_gradient;                     // rows
  float *key_gradient, *value_gradient;    // rows
  float *row;                              // kRows rows
  float *weights, *scores;                 // [kRows, rows]
};

static HeadRoom room_of(const HeadCall& call) {
  const std::int64_t rows = (call.steps + 15) / 16 * 16, columns = (call.width + 15) / 16 * 16;
  HeadRoom room{};
  room.rows = rows;
  room.columns = columns;
  float* next = call.scratch;
  const auto take = [&](std::int64_t count) {
    float* taken = next;
    next += count;
    return taken;
  };
  for (float** part : {&room.queries, &room.keys, &room.values, &room.key_columns,
                       &room.value_columns, &room.out_gradient, &room.key_gradient,
                       &room.value_gradient}) {
    *part = take(rows * columns);
  }
  room.weights = take(kRows * rows);
  room.scores = take(kRows * rows);
  room.row = take(kRows * columns);  // rows >= 16 > kRows: within the ninth part
  return room;
}

static void clear(float* from, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 16) store(from + i, V{});
}

// Rows with their rotary positions, times `scale`.
static void pack_turned(const HeadCall& call, const float* from, std::int64_t stride, float scale,
                        std::int64_t columns, float* to) {
  const std::int64_t half = call.width / 2;
  for (std::int64_t t = 0; t < call.steps; ++t) {
    const float *a = from + t * stride, *b = a + half;
    const float *c = call.cosines + t * half, *s = call.sines + t * half;
    float* out = to + t * columns;
    for (std::int64_t i = 0; i < half; ++i) {
      out[i] = (a[i] * c[i] - b[i] * s[i]) * scale;
      out[half + i] = (a[i] * s[i] + b[i] * c[i]) * scale;
    }
  }
}

static void pack(const HeadCall& call, const float* from, std::int64_t stride,
                 std::int64_t columns, float* to) {
  for (std::int64_t t = 0; t < call.steps; ++t) {
    for (std::int64_t i = 0; i < call.width; ++i) to[t * columns + i] = from[t * stride + i];
  }
}

static void turn_columns(const HeadCall& call, const HeadRoom& room, const float* rows,
                         float* columns) {
  for (std::int64_t i = 0; i < call.width; ++i) {
    for (std::int64_t t = 0; t < room.rows; ++t) {
      columns[i * room.rows + t] = rows[t * room.columns + i];
    }
  }
}

// out[r][j] = rows[r] . columns[:, j], for `count` j.
static inline void products(const HeadCall& call, const HeadRoom& room, const float* rows,
                            const float* columns, std::int64_t count, float* out) {
  for (std::int64_t j = 0; j < count; j += 16) {
    V sums[kRows] = {};
    for (std::int64_t i = 0; i < call.width; ++i) {
      const V column = load(columns + i * room.rows + j);
      for (int r = 0; r < kRows; ++r) sums[r] += column * rows[r * room.columns + i];
    }
    for (int r = 0; r < kRows; ++r) store(out + r * room.rows + j, sums[r]);
  }
}

// out[r] = sum over j < count of weights[r][j] rows[j].
static inline void weighted(const HeadRoom& room, const float* weights, const float* rows,
                            std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < room.columns; i += 16) {
    V sums[kRows] = {};
    for (std::int64_t j = 0; j < count; ++j) {
      const V row = load(rows + j * room.columns + i);
      for (int r = 0; r < kRows; ++r) sums[r] += row * weights[r * room.rows + j];
    }
    for (int r = 0; r < kRows; ++r) store(out + r * room.columns + i, sums[r]);
  }
}

// How many keys a query sees; none where there is no such query.
static inline std::int64_t seen_by(const HeadCall& call, std::int64_t query) {
  if (query >= call.steps) return 0;
  return call.causal ? query + 1 : call.steps;
}

static inline V first_lanes(V value, std::int64_t lanes) {
  for (int lane = 0; lane < 16; ++lane) value[lane] = lane < lanes ? value[lane] : 0.0F;
  return value;
}

static void attend(const HeadCall& call, const HeadResult& result) {
  const HeadRoom room = room_of(call);
  clear(room.queries, 3 * room.rows * room.columns);
  pack_turned(call, call.q, call.q_stride, call.scale, room.columns, room.queries);
  pack_turned(call, call.k, call.kv_stride, 1, room.columns, room.keys);
  pack(call, call.v, call.kv_stride, room.columns, room.values);
  turn_columns(call, room, room.keys, room.key_columns);
  for (std::int64_t first = 0; first < call.steps; first += kRows) {
    const std::int64_t last = first + kRows < call.steps ? first + kRows : call.steps;
    const std::int64_t keys = call.causal ? last : call.steps;
    products(call, room, room.queries + first * room.columns, room.key_columns, keys, room.weights);
    for (std::int64_t query = first; query < first + kRows; ++query) {
      float* weights = room.weights + (query - first) * room.rows;
      const std::int64_t seen = seen_by(call, query);
      if (seen == 0) {
        clear(weights, room.rows);
        continue;
      }
      float top = -1e30F;
      const std::int64_t whole = seen / 16 * 16;
      V most = splat(top);
      for (std::int64_t j = 0; j < whole; j += 16) {
        const V score = load(weights + j);
        most = score > most ? score : most;
      }
      top = largest_of(most);
      for (std::int64_t j = whole; j < seen; ++j) top = weights[j] > top ? weights[j] : top;
      V total = {};
      for (std::int64_t j = 0; j < keys; j += 16) {
        V weight = {};
        if (j < seen) weight = exponential(load(weights + j) - top);
        if (j + 16 > seen) weight = first_lanes(weight, seen - j);
        store(weights + j, weight);
        total += weight;
      }
      result.tops[query] = top;
      result.shares[query] = 1 / sum(total);
    }
    weighted(room, room.weights, room.values, keys, room.row);
    for (std::int64_t query = first; query < last; ++query) {
      const float* from = room.row + (query - first) * room.columns;
      float* to = result.out + query * result.stride;
      const float share = result.shares[query];
      for (std::int64_t i = 0; i < call.width; ++i) to[i] = from[i] * share;
    }
  }
}

// Gradients of rows with rotary positions, back to those without.
static void turn_back(const HeadCall& call, std::int64_t step, const float* from, float scale,
                      float* to) {
  const std::int64_t half = call.width / 2;
  const float *c = call.cosines + step * half, *s = call.sines + step * half;
  for (std::int64_t i = 0; i < half; ++i) {
    to[i] = (from[i] * c[i] + from[half + i] * s[i]) * scale;
    to[half + i] = (from[half + i] * c[i] - from[i] * s[i]) * scale;
  }
}

static void attend_gradient(const HeadCall& call, const HeadGradient& gradient) {
  const HeadRoom room = room_of(call);
  clear(room.queries, 8 * room.rows * room.columns);
  pack_turned(call, call.q, call.q_stride, call.scale, room.columns, room.queries);
  pack_turned(call, call.k, call.kv_stride, 1, room.columns, room.keys);
  pack(call, call.v, call.kv_stride, room.columns, room.values);
  pack(call, gradient.out, gradient.out_stride, room.columns, room.out_gradient);
  turn_columns(call, room, room.keys, room.key_columns);
  turn_columns(call, room, room.values, room.value_columns);
  for (std::int64_t first = 0; first < call.steps; first += kRows) {
    const std::int64_t last = first + kRows < call.steps ? first + kRows : call.steps;
    const std::int64_t keys = call.causal ? last : call.steps;
    const float* queries = room.queries + first * room.columns;
    const float* outs = room.out_gradient + first * room.columns;
    products(call, room, queries, room.key_columns, keys, room.weights);
    products(call, room, outs, room.value_columns, keys, room.scores);
    for (std::int64_t query = first; query < first + kRows; ++query) {
      float* weights = room.weights + (query - first) * room.rows;
      float* scores = room.scores + (query - first) * room.rows;
      const std::int64_t seen = seen_by(call, query);
      if (seen == 0) {
        clear(weights, room.rows);
        clear(scores, room.rows);
        continue;
      }
      const float* out = gradient.result.out + query * gradient.result.stride;
      const float* out_gradient = gradient.out + query * gradient.out_stride;
      float common = 0;
      for (std::int64_t i = 0; i < call.width; ++i) common += out[i] * out_gradient[i];
      const float top = gradient.result.tops[query], share = gradient.result.shares[query];
      for (std::int64_t j = 0; j < keys; j += 16) {
        V weight = {};
        if (j < seen) weight = exponential(load(weights + j) - top) * share;
        if (j + 16 > seen) weight = first_lanes(weight, seen - j);
        store(weights + j, weight);
        store(scores + j, weight * (load(scores + j) - common));
      }
    }
    weighted(room, room.scores, room.keys, keys, room.row);
    for (std::int64_t query = first; query < last; ++query) {
      turn_back(call, query, room.row + (query - first) * room.columns, call.scale,
                gradient.q + query * gradient.q_stride);
    }
    for (std::int64_t i = 0; i < room.columns; i += 16) {
      V query[kRows], out[kRows];
      for (int r = 0; r < kRows; ++r) {
        query[r] = load(queries + r * room.columns + i);
        out[r] = load(outs + r * room.columns + i);
      }
      for (std::int64_t j = 0; j < keys; ++j) {
        float* key_to = room.key_gradient + j * room.columns + i;
        float* value_to = room.value_gradient + j * room.columns + i;
        V key = load(key_to), value = load(value_to);
        for (int r = 0; r < kRows; ++r) {
          key += query[r] * room.scores[r * room.rows + j];
          value += out[r] * room.weights[r * room.rows + j];
        }
        store(key_to, key);
        store(value_to, value);
      }
    }
  }
  for (std::int64_t t = 0; t < call.steps; ++t) {
    turn_back(call, t, room.key_gradient + t * room.columns, 1, gradient.k + t * gradient.kv_stride);
    const float* from = room.value_gradient + t * room.columns;
    for (std::int64_t i = 0; i < call.width; ++i) gradient.v[t * gradient.kv_stride + i] = from[i];
  }
}

// 32 bits from a counter and a seed (lowbias32 twice: github.com/skeeto/hash-prospector).
template <class T>
static inline T mixed(const T& from) {
  T x = from;
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  x ^= x >> 16;
  return x;
}

template <class T>
static inline T drawn(const T& index, std::uint32_t low, std::uint32_t high) {
  return mixed(mixed(index ^ low) + high);
}

static void drop(const DropCall& call) {
  const std::uint32_t low = static_cast<std::uint32_t>(call.seed);
  std::int64_t i = call.first;
  U lanes;
  for (unsigned lane = 0; lane < 16; ++lane) lanes[lane] = lane;
  // Indices beyond 2^32 have another `high`.
  const auto high_of = [&](std::int64_t index) {
    return static_cast<std::uint32_t>(call.seed >> 32) + static_cast<std::uint32_t>(index >> 32);
  };
  for (; i + 16 <= call.last; i += 16) {
    const U random = drawn<U>(lanes + static_cast<std::uint32_t>(i), low, high_of(i));
    const V x = load(call.x + i) * call.scale;
    V y = random >= call.dropped ? x : V{};
    if (call.base != nullptr) y += load(call.base + i);
    store(call.y + i, y);
  }
  for (; i < call.last; ++i) {
    const std::uint32_t random =
        drawn<std::uint32_t>(static_cast<std::uint32_t>(i), low, high_of(i));
    const float y = random >= call.dropped ? call.x[i] * call.scale : 0.0F;
    call.y[i] = call.base != nullptr ? call.base[i] + y : y;
  }
}

static float cross_entropy(const float* logits, std::int64_t count, std::int64_t target,
                           float scale, float* gradient) {
  const std::int64_t whole = count / 16 * 16;
  V most = splat(-3e38F);
  for (std::int64_t i = 0; i < whole; i += 16) {
    const V value = load(logits + i);
    most = value > most ? value : most;
  }
  float top = largest_of(most);
  for (std::int64_t i = whole; i < count; ++i) top = logits[i] > top ? logits[i] : top;
  V totals = {};
  for (std::int64_t i = 0; i < whole; i += 16) {
    const V value = exponential(load(logits + i) - top);
    store(gradient + i, value);
    totals += value;
  }
  float total = sum(totals);
  for (std::int64_t i = whole; i < count; ++i) {
    const V one = exponential(splat(logits[i] - top));
    gradient[i] = one[0];
    total += gradient[i];
  }
  const float share = scale / total;
  for (std::int64_t i = 0; i < whole; i += 16) store(gradient + i, load(gradient + i) * share);
  for (std::int64_t i = whole; i < count; ++i) gradient[i] *= share;
  gradient[target] -= scale;
  return __builtin_logf(total) + top - logits[target];
}

static inline V sigmoid(V x) {
  const V power = exponential(x > 0.0F ? -x : x);  // of -|x|
  const V share = 1.0F / (1.0F + power);
  return x > 0.0F ? share : power * share;
}
static inline V tangent(V x) {  // of a hyperbola
  return 2.0F * sigmoid(2.0F * x) - 1.0F;
}

// Calls work(i, lanes) for `count` elements, 16 or what is left at once; vectors are read and
// written through part() and put().
__attribute__((always_inline)) static inline V part(const float* from, int lanes) {
  if (lanes == 16) return load(from);
  V value = {};
  for (int lane = 0; lane < lanes; ++lane) value[lane] = from[lane];
  return value;
}
__attribute__((always_inline)) static inline void put(float* to, V value, int lanes) {
  if (lanes == 16) {
    store(to, value);
    return;
  }
  for (int lane = 0; lane < lanes; ++lane) to[lane] = value[lane];
}

static void gru(const GruCall& call) {
  const std::int64_t h = call.hidden;
  for (std::int64_t clip = 0; clip < call.count; ++clip) {
    const float *in = call.input + 3 * h * clip, *back = call.recurrent + 3 * h * clip;
    float* gates = call.gates + 3 * h * clip;
    for (std::int64_t i = 0; i < h; i += 16) {
      const int lanes = h - i < 16 ? static_cast<int>(h - i) : 16;
      const V r = sigmoid(part(in + i, lanes) + part(back + i, lanes));
      const V z = sigmoid(part(in + h + i, lanes) + part(back + h + i, lanes));
      const V n = tangent(part(in + 2 * h + i, lanes) + r * part(back + 2 * h + i, lanes));
      put(gates + i, r, lanes);
      put(gates + h + i, z, lanes);
      put(gates + 2 * h + i, n, lanes);
      put(call.after + clip * call.after_stride + i,
          n + z * (part(call.before + clip * h + i, lanes) - n), lanes);
    }
  }
}

static void gru_gradient(const GruGradient& call) {
  const std::int64_t h = call.hidden;
  for (std::int64_t clip = 0; clip < call.count; ++clip) {
    const float *back = call.recurrent + 3 * h * clip, *gates = call.gates + 3 * h * clip;
    float *in_to = call.input + 3 * h * clip, *back_to = call.recurrent_to + 3 * h * clip;
    for (std::int64_t i = 0; i < h; i += 16) {
      const int lanes = h - i < 16 ? static_cast<int>(h - i) : 16;
      const V r = part(gates + i, lanes), z = part(gates + h + i, lanes);
      const V n = part(gates + 2 * h + i, lanes), after = part(call.after + clip * h + i, lanes);
      const V before = part(call.before + clip * h + i, lanes);
      const V to_n = after * (1.0F - z) * (1.0F - n * n);
      const V to_z = after * (before - n) * z * (1.0F - z);
      const V to_r = to_n * part(back + 2 * h + i, lanes) * r * (1.0F - r);
      put(in_to + i, to_r, lanes);
      put(in_to + h + i, to_z, lanes);
      put(in_to + 2 * h + i, to_n, lanes);
      put(back_to + i, to_r, lanes);
      put(back_to + h + i, to_z, lanes);
      put(back_to + 2 * h + i, to_n * r, lanes);
      put(call.before_to + clip * h + i, after * z, lanes);
    }
  }
}
