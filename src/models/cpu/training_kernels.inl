// The kernels of training_kernels.hpp for one instruction set.
#include "models/cpu/vector_math.inl"

static constexpr int kRows = 8;  // queries processed together

// Scratch memory for one head, zero-padded to whole vectors. "rows" below means [rows, columns].
struct HeadScratch {
  std::int64_t rows, columns;
  float *queries, *keys, *values;        // rows
  float *key_columns, *value_columns;    // [columns, rows]
  float* out_gradient;                   // rows
  float *key_gradient, *value_gradient;  // rows
  float* row;                            // [kRows, columns]
  float *weights, *scores;               // [kRows, rows]
};

static HeadScratch scratch_of(const HeadCall& call) {
  const std::int64_t rows = (call.steps + 15) / 16 * 16, columns = (call.width + 15) / 16 * 16;
  HeadScratch scratch{};
  scratch.rows = rows;
  scratch.columns = columns;
  float* next = call.scratch;
  const auto take = [&](std::int64_t count) {
    float* taken = next;
    next += count;
    return taken;
  };
  for (float** part : {&scratch.queries, &scratch.keys, &scratch.values, &scratch.key_columns,
                       &scratch.value_columns, &scratch.out_gradient, &scratch.key_gradient,
                       &scratch.value_gradient}) {
    *part = take(rows * columns);
  }
  scratch.weights = take(kRows * rows);
  scratch.scores = take(kRows * rows);
  scratch.row = take(kRows * columns);  // kRows < 16 <= rows: fits into the ninth rows * columns
  return scratch;
}

static void clear(float* from, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 16) store(from + i, V{});
}

// Applies rotary positions to rows, times `scale`.
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

static void pack(const HeadCall& call, const float* from, std::int64_t stride, std::int64_t columns,
                 float* to) {
  for (std::int64_t t = 0; t < call.steps; ++t) {
    for (std::int64_t i = 0; i < call.width; ++i) to[t * columns + i] = from[t * stride + i];
  }
}

static void turn_columns(const HeadCall& call, const HeadScratch& scratch, const float* rows,
                         float* columns) {
  for (std::int64_t i = 0; i < call.width; ++i) {
    for (std::int64_t t = 0; t < scratch.rows; ++t) {
      columns[i * scratch.rows + t] = rows[t * scratch.columns + i];
    }
  }
}

// out[r][j] = rows[r] . columns[:, j], for `count` j.
static inline void products(const HeadCall& call, const HeadScratch& scratch, const float* rows,
                            const float* columns, std::int64_t count, float* out) {
  for (std::int64_t j = 0; j < count; j += 16) {
    V sums[kRows] = {};
    for (std::int64_t i = 0; i < call.width; ++i) {
      const V column = load(columns + i * scratch.rows + j);
      for (int r = 0; r < kRows; ++r) sums[r] += column * rows[r * scratch.columns + i];
    }
    for (int r = 0; r < kRows; ++r) store(out + r * scratch.rows + j, sums[r]);
  }
}

// out[r] = sum over j < count of weights[r][j] rows[j].
static inline void weighted(const HeadScratch& scratch, const float* weights, const float* rows,
                            std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < scratch.columns; i += 16) {
    V sums[kRows] = {};
    for (std::int64_t j = 0; j < count; ++j) {
      const V row = load(rows + j * scratch.columns + i);
      for (int r = 0; r < kRows; ++r) sums[r] += row * weights[r * scratch.rows + j];
    }
    for (int r = 0; r < kRows; ++r) store(out + r * scratch.columns + i, sums[r]);
  }
}

// Number of keys that a query attends to; 0 past the last query.
static inline std::int64_t seen_by(const HeadCall& call, std::int64_t query) {
  if (query >= call.steps) return 0;
  return call.causal ? query + 1 : call.steps;
}

static inline V first_lanes(V value, std::int64_t lanes) {
  for (int lane = 0; lane < 16; ++lane) value[lane] = lane < lanes ? value[lane] : 0.0F;
  return value;
}

static void attend(const HeadCall& call, const HeadResult& result) {
  const HeadScratch scratch = scratch_of(call);
  clear(scratch.queries, 3 * scratch.rows * scratch.columns);
  pack_turned(call, call.q, call.q_stride, call.scale, scratch.columns, scratch.queries);
  pack_turned(call, call.k, call.kv_stride, 1, scratch.columns, scratch.keys);
  pack(call, call.v, call.kv_stride, scratch.columns, scratch.values);
  turn_columns(call, scratch, scratch.keys, scratch.key_columns);
  for (std::int64_t first = 0; first < call.steps; first += kRows) {
    const std::int64_t last = first + kRows < call.steps ? first + kRows : call.steps;
    const std::int64_t keys = call.causal ? last : call.steps;
    products(call, scratch, scratch.queries + first * scratch.columns, scratch.key_columns, keys,
             scratch.weights);
    for (std::int64_t query = first; query < first + kRows; ++query) {
      float* weights = scratch.weights + (query - first) * scratch.rows;
      const std::int64_t seen = seen_by(call, query);
      if (seen == 0) {
        clear(weights, scratch.rows);
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
    weighted(scratch, scratch.weights, scratch.values, keys, scratch.row);
    for (std::int64_t query = first; query < last; ++query) {
      const float* from = scratch.row + (query - first) * scratch.columns;
      float* to = result.out + query * result.stride;
      const float share = result.shares[query];
      for (std::int64_t i = 0; i < call.width; ++i) to[i] = from[i] * share;
    }
  }
}

// Turns the gradient of a row with rotary positions back into that of the row without.
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
  const HeadScratch scratch = scratch_of(call);
  clear(scratch.queries, 8 * scratch.rows * scratch.columns);
  pack_turned(call, call.q, call.q_stride, call.scale, scratch.columns, scratch.queries);
  pack_turned(call, call.k, call.kv_stride, 1, scratch.columns, scratch.keys);
  pack(call, call.v, call.kv_stride, scratch.columns, scratch.values);
  pack(call, gradient.out, gradient.out_stride, scratch.columns, scratch.out_gradient);
  turn_columns(call, scratch, scratch.keys, scratch.key_columns);
  turn_columns(call, scratch, scratch.values, scratch.value_columns);
  for (std::int64_t first = 0; first < call.steps; first += kRows) {
    const std::int64_t last = first + kRows < call.steps ? first + kRows : call.steps;
    const std::int64_t keys = call.causal ? last : call.steps;
    const float* queries = scratch.queries + first * scratch.columns;
    const float* outs = scratch.out_gradient + first * scratch.columns;
    products(call, scratch, queries, scratch.key_columns, keys, scratch.weights);
    products(call, scratch, outs, scratch.value_columns, keys, scratch.scores);
    for (std::int64_t query = first; query < first + kRows; ++query) {
      float* weights = scratch.weights + (query - first) * scratch.rows;
      float* scores = scratch.scores + (query - first) * scratch.rows;
      const std::int64_t seen = seen_by(call, query);
      if (seen == 0) {
        clear(weights, scratch.rows);
        clear(scores, scratch.rows);
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
    weighted(scratch, scratch.scores, scratch.keys, keys, scratch.row);
    for (std::int64_t query = first; query < last; ++query) {
      turn_back(call, query, scratch.row + (query - first) * scratch.columns, call.scale,
                gradient.q + query * gradient.q_stride);
    }
    for (std::int64_t i = 0; i < scratch.columns; i += 16) {
      V query[kRows], out[kRows];
      for (int r = 0; r < kRows; ++r) {
        query[r] = load(queries + r * scratch.columns + i);
        out[r] = load(outs + r * scratch.columns + i);
      }
      for (std::int64_t j = 0; j < keys; ++j) {
        float* key_to = scratch.key_gradient + j * scratch.columns + i;
        float* value_to = scratch.value_gradient + j * scratch.columns + i;
        V key = load(key_to), value = load(value_to);
        for (int r = 0; r < kRows; ++r) {
          key += query[r] * scratch.scores[r * scratch.rows + j];
          value += out[r] * scratch.weights[r * scratch.rows + j];
        }
        store(key_to, key);
        store(value_to, value);
      }
    }
  }
  for (std::int64_t t = 0; t < call.steps; ++t) {
    turn_back(call, t, scratch.key_gradient + t * scratch.columns, 1,
              gradient.k + t * gradient.kv_stride);
    const float* from = scratch.value_gradient + t * scratch.columns;
    for (std::int64_t i = 0; i < call.width; ++i) gradient.v[t * gradient.kv_stride + i] = from[i];
  }
}

static inline V sigmoid(V x) {
  const V power = exponential(x > 0.0F ? -x : x);  // of -|x|
  const V share = 1.0F / (1.0F + power);
  return x > 0.0F ? share : power * share;
}
static inline V tangent(V x) {  // hyperbolic
  return 2.0F * sigmoid(2.0F * x) - 1.0F;
}

// Loads and stores of 16 elements, or of the `lanes` that are left at the end of a row; missing
// lanes read as 0.
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
