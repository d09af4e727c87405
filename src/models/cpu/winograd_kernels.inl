// The kernels of winograd_kernels.hpp for one instruction set; included like step_kernels.inl.
#include "models/cpu/vector_math.inl"

// V as a template argument, where its alignment attribute would be dropped.
typedef float P __attribute__((vector_size(64)));
typedef std::uint32_t U __attribute__((vector_size(64)));
typedef std::uint16_t H __attribute__((vector_size(32), aligned(2), may_alias));

static inline P load_as(const P*, const float* from) {
  return load(from);
}
static inline float load_as(const float*, const float* from) {
  return *from;
}
static inline P load_as(const P*, const Bfloat16* from) {
  const H bits = *reinterpret_cast<const H*>(from);
  return (P)(__builtin_convertvector(bits, U) << 16);
}
static inline float load_as(const float*, const Bfloat16* from) {
  return __builtin_bit_cast(float, static_cast<std::uint32_t>(from->bits) << 16);
}
template <class T, class From>
static inline T load(const From* from) {
  return load_as(static_cast<const T*>(nullptr), from);
}
static inline void store(float* to, float value) {
  *to = value;
}
// To nearest, ties to even. A NaN stays one: those made by arithmetic have a mantissa of one bit.
static inline void store(Bfloat16* to, const P& value) {
  const U bits = (U)value;
  *reinterpret_cast<H*>(to) =
      __builtin_convertvector((bits + 0x7fff + ((bits >> 16) & 1)) >> 16, H);
}
static inline void store(Bfloat16* to, float value) {
  const auto bits = __builtin_bit_cast(std::uint32_t, value);
  to->bits = static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
static inline P positive(const P& value) {
  return value > 0.0F ? value : P{};
}
static inline float positive(float value) {
  return value > 0 ? value : 0;
}
static inline P where_positive(const P& value, const P& kept) {
  return kept > 0.0F ? value : P{};
}
static inline float where_positive(float value, float kept) {
  return kept > 0 ? value : 0;
}

// Calls work(kind, c) per 16 channels, then per remaining channel; `kind` is a null pointer to the
// type to work on, P or float.
template <class Work>
static inline void for_channels(std::int64_t count, const Work& work) {
  std::int64_t c = 0;
  for (; c + 16 <= count; c += 16) work(static_cast<P*>(nullptr), c);
  for (; c < count; ++c) work(static_cast<float*>(nullptr), c);
}

// A tile of one group: the location of its rows and points.
struct Place {
  std::int64_t frame;     // the tile's first output frame in its clip
  std::int64_t row;       // the same, over all clips
  std::int64_t channel;   // the group's first
  std::int64_t channels;  // of the group
  std::int64_t point;     // index of the first point
  std::int64_t stride;    // from point to point
};

template <class Work>
static inline void for_tiles(const WinogradRange& range, const Work& work) {
  const WinogradShape& shape = range.shape;
  const std::int64_t a_clip = shape.tiles_a_clip(), wide = shape.channels / shape.groups;
  for (std::int64_t tile = range.first; tile < range.last; ++tile) {
    const std::int64_t clip = tile / a_clip, frame = 4 * (tile % a_clip);
    for (std::int64_t group = 0; group < shape.groups; ++group) {
      work(Place{.frame = frame,
                 .row = clip * shape.frames + frame,
                 .channel = group * wide,
                 .channels = wide,
                 .point = (group * shape.tiles + tile) * wide,
                 .stride = shape.tiles * shape.channels});
    }
  }
}

template <class Points>
static void input(const WinogradRange& range, const float* rows, Points* points) {
  const std::int64_t wide = range.shape.channels, frames = range.shape.frames;
  for_tiles(range, [&](const Place& at) {
    const float* x = rows + at.row * wide + at.channel;
    Points* to = points + at.point;
    const std::int64_t left = frames - at.frame;  // frames of the clip from here on
    const auto work = [&](auto kind, std::int64_t c) {
      using T = std::remove_pointer_t<decltype(kind)>;
      const T zero{};
      const T d0 = at.frame > 0 ? load<T>(x - wide + c) : zero;
      const T d1 = load<T>(x + c);
      const T d2 = left > 1 ? load<T>(x + wide + c) : zero;
      const T d3 = left > 2 ? load<T>(x + 2 * wide + c) : zero;
      const T d4 = left > 3 ? load<T>(x + 3 * wide + c) : zero;
      const T d5 = left > 4 ? load<T>(x + 4 * wide + c) : zero;
      const T even = d4 - 4.0F * d2, odd = d3 - 4.0F * d1;
      const T even2 = d4 - d2, odd2 = 2.0F * (d3 - d1);
      store(to + c, 4.0F * d0 - 5.0F * d2 + d4);
      store(to + at.stride + c, even + odd);
      store(to + 2 * at.stride + c, even - odd);
      store(to + 3 * at.stride + c, even2 + odd2);
      store(to + 4 * at.stride + c, even2 - odd2);
      store(to + 5 * at.stride + c, 4.0F * d1 - 5.0F * d3 + d5);
    };
    for_channels(at.channels, work);
  });
}

template <class Points>
static void output(const WinogradRange& range, const Points* points, const float* bias,
                   const float* added, bool relu, float* rows) {
  const std::int64_t wide = range.shape.channels, frames = range.shape.frames;
  for_tiles(range, [&](const Place& at) {
    const std::int64_t first = at.row * wide + at.channel;
    const Points* from = points + at.point;
    const std::int64_t left = frames - at.frame;
    for_channels(at.channels, [&](auto kind, std::int64_t c) {
      using T = std::remove_pointer_t<decltype(kind)>;
      const T m0 = load<T>(from + c), m1 = load<T>(from + at.stride + c);
      const T m2 = load<T>(from + 2 * at.stride + c), m3 = load<T>(from + 3 * at.stride + c);
      const T m4 = load<T>(from + 4 * at.stride + c), m5 = load<T>(from + 5 * at.stride + c);
      const T b = load<T>(bias + at.channel + c);
      const T s = m1 + m2, d = m1 - m2, s2 = m3 + m4, d2 = m3 - m4;
      T y[4] = {m0 + s + s2 + b, d + 2.0F * d2 + b, s + 4.0F * s2 + b, d + 8.0F * d2 + m5 + b};
      for (std::int64_t i = 0; i < 4; ++i) {
        if (i >= left) break;
        T value = y[i];
        if (added != nullptr) value += load<T>(added + first + i * wide + c);
        if (relu) value = positive(value);
        store(rows + first + i * wide + c, value);
      }
    });
  });
}

template <class Points>
static void output_gradient(const WinogradRange& range, const float* rows, const float* kept,
                            Points* points) {
  const std::int64_t wide = range.shape.channels, frames = range.shape.frames;
  for_tiles(range, [&](const Place& at) {
    const std::int64_t first = at.row * wide + at.channel;
    Points* to = points + at.point;
    const std::int64_t left = frames - at.frame;
    for_channels(at.channels, [&](auto kind, std::int64_t c) {
      using T = std::remove_pointer_t<decltype(kind)>;
      T g[4] = {};
      for (std::int64_t i = 0; i < 4; ++i) {
        if (i >= left) break;
        g[i] = load<T>(rows + first + i * wide + c);
        if (kept != nullptr) g[i] = where_positive(g[i], load<T>(kept + first + i * wide + c));
      }
      const T even = g[0] + g[2], odd = g[1] + g[3];
      const T even2 = g[0] + 4.0F * g[2], odd2 = 2.0F * g[1] + 8.0F * g[3];
      store(to + c, g[0]);
      store(to + at.stride + c, even + odd);
      store(to + 2 * at.stride + c, even - odd);
      store(to + 3 * at.stride + c, even2 + odd2);
      store(to + 4 * at.stride + c, even2 - odd2);
      store(to + 5 * at.stride + c, g[3]);
    });
  });
}

template <class Points>
static void input_gradient(const WinogradRange& range, const Points* points, const float* added,
                           float* rows) {
  const std::int64_t wide = range.shape.channels, frames = range.shape.frames;
  for_tiles(range, [&](const Place& at) {
    const std::int64_t first = at.row * wide + at.channel;
    const Points* from = points + at.point;
    const std::int64_t left = frames - at.frame;
    for_channels(at.channels, [&](auto kind, std::int64_t c) {
      using T = std::remove_pointer_t<decltype(kind)>;
      const T zero{};
      const T v0 = load<T>(from + c), v1 = load<T>(from + at.stride + c);
      const T v2 = load<T>(from + 2 * at.stride + c), v3 = load<T>(from + 3 * at.stride + c);
      const T v4 = load<T>(from + 4 * at.stride + c), v5 = load<T>(from + 5 * at.stride + c);
      // The neighbouring tiles read this tile's first and last frame.
      const T before = at.frame > 0 ? load<T>(from + 5 * at.stride - at.channels + c) : zero;
      const T after = left > 4 ? load<T>(from + at.channels + c) : zero;
      const T s = v1 + v2, d = v1 - v2, s2 = v3 + v4, d2 = v3 - v4;
      T x[4] = {4.0F * v5 - 4.0F * d - 2.0F * d2 + before, -5.0F * v0 - 4.0F * s - s2,
                d + 2.0F * d2 - 5.0F * v5, v0 + s + s2 + 4.0F * after};
      for (std::int64_t i = 0; i < 4; ++i) {
        if (i >= left) break;
        T value = x[i];
        if (added != nullptr) value += load<T>(added + first + i * wide + c);
        store(rows + first + i * wide + c, value);
      }
    });
  });
}

// Element `part` (0, 1 or 2) of each of the 16 triples stored in a, b, c: numbers 3 i + part.
static inline P third(const P& a, const P& b, const P& c, int part) {
  I from_ab, from_c;
  for (int i = 0; i < 16; ++i) {
    const int at = 3 * i + part;
    from_ab[i] = at < 32 ? at : 0;
    from_c[i] = at < 32 ? i : 16 + at - 32;
  }
  return __builtin_shuffle(__builtin_shuffle(a, b, from_ab), c, from_c);
}

template <class T, class Points>
static inline void weight_points(const T& w0, const T& w1, const T& w2, Points* to,
                                 std::int64_t stride) {
  const T even = (w0 + w2) * (-1.0F / 6), odd = w1 * (-1.0F / 6);
  const T even2 = w0 * (1.0F / 24) + w2 * (1.0F / 6), odd2 = w1 * (1.0F / 12);
  store(to, w0 * 0.25F);
  store(to + stride, even + odd);
  store(to + 2 * stride, even - odd);
  store(to + 3 * stride, even2 + odd2);
  store(to + 4 * stride, even2 - odd2);
  store(to + 5 * stride, w2);
}

template <class Points>
static void weights(const float* from, std::int64_t count, Points* points, std::int64_t stride) {
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const P a = load<P>(from + 3 * i), b = load<P>(from + 3 * i + 16),
            c = load<P>(from + 3 * i + 32);
    weight_points(third(a, b, c, 0), third(a, b, c, 1), third(a, b, c, 2), points + i, stride);
  }
  for (; i < count; ++i) {
    weight_points(from[3 * i], from[3 * i + 1], from[3 * i + 2], points + i, stride);
  }
}

// Vector `part` (0, 1 or 2) of the 48 interleaved numbers a0 b0 c0 a1 ...
static inline P woven(const P& a, const P& b, const P& c, int part) {
  I from_ab, from_c;
  for (int i = 0; i < 16; ++i) {
    const int at = 16 * part + i, which = at % 3, index = at / 3;
    from_ab[i] = which == 2 ? 0 : 16 * which + index;
    from_c[i] = which == 2 ? 16 + index : i;
  }
  return __builtin_shuffle(__builtin_shuffle(a, b, from_ab), c, from_c);
}

template <class T>
struct Triple {
  T w0, w1, w2;
};

template <class T, class Points>
static inline Triple<T> weight_gradient(const Points* from, std::int64_t stride) {
  const T u0 = load<T>(from), u1 = load<T>(from + stride), u2 = load<T>(from + 2 * stride);
  const T u3 = load<T>(from + 3 * stride), u4 = load<T>(from + 4 * stride);
  const T u5 = load<T>(from + 5 * stride);
  const T s = (u1 + u2) * (1.0F / 6), s2 = u3 + u4;
  return {u0 * 0.25F - s + s2 * (1.0F / 24), (u2 - u1) * (1.0F / 6) + (u3 - u4) * (1.0F / 12),
          u5 - s + s2 * (1.0F / 6)};
}

template <class Points>
static void weights_gradient(const Points* points, std::int64_t stride, std::int64_t count,
                             float* to) {
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const Triple<P> w = weight_gradient<P>(points + i, stride);
    for (int part = 0; part < 3; ++part) {
      store(to + 3 * i + 16 * part, woven(w.w0, w.w1, w.w2, part));
    }
  }
  for (; i < count; ++i) {
    const Triple<float> w = weight_gradient<float>(points + i, stride);
    to[3 * i] = w.w0;
    to[3 * i + 1] = w.w1;
    to[3 * i + 2] = w.w2;
  }
}
