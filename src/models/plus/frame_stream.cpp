#include "minet/models/frame_stream.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "models/plus/in_pieces.hpp"

namespace minet::models {
namespace {

constexpr double kRestHz = 220;  // before the first pitch

at::Tensor twice(const at::Tensor& x) {  // [B, n] -> [B, 2 n]
  return x.repeat_interleave(kFramesOfToken, 1);
}

}  // namespace

SynthesiserInput FrameStream::values_of(const ControlTokens& tokens) {
  const std::int64_t batch = tokens.pitch.size(0), count = tokens.pitch.size(1);
  at::Tensor hz = at::empty({batch, count}, at::TensorOptions(at::kFloat).device(at::kCPU));
  auto values = hz.accessor<float, 2>();
  const auto pitch = tokens.pitch.accessor<std::int64_t, 2>();
  for (std::int64_t b = 0; b < batch; ++b) {
    float last = hz_.defined() ? hz_.const_data_ptr<float>()[b] : static_cast<float>(kRestHz);
    for (std::int64_t t = 0; t < count; ++t) {
      if (pitch[b][t] > 0) {
        last = static_cast<float>(440 * std::exp2(static_cast<double>(pitch[b][t] - 70) / 12));
      }
      values[b][t] = last;
    }
  }
  return {hz, (tokens.pitch > 0).to(at::kFloat),
          loudness_of_levels(tokens.level, config_.plus.levels)};
}

void FrameStream::remember(const SynthesiserInput& values) {
  hz_ = last_of(values.hz).contiguous();
  voiced_ = last_of(values.voiced), loudness_ = last_of(values.loudness);
}

SynthesiserInput FrameStream::add(const ControlTokens& tokens) {
  const SynthesiserInput values = values_of(tokens);
  const at::Tensor& loudness = values.loudness;
  const std::int64_t known = hz_.defined() ? 1 : 0;
  const at::Tensor all = joined(loudness_, loudness);  // [B, known + n]
  const at::Tensor between = (all.slice(1, 0, -1) + all.slice(1, 1)) / 2;
  // The second frames of all tokens but the last, with the first frames of all but the known one.
  SynthesiserInput frames{twice(joined(hz_, values.hz)), twice(joined(voiced_, values.voiced)),
                          at::stack({all, joined(between, loudness.slice(1, -1))}, 2).flatten(1)};
  for (at::Tensor* row : {&frames.hz, &frames.voiced, &frames.loudness}) {
    *row = row->slice(1, known, -1);
  }
  remember(values);
  return frames;
}

SynthesiserInput FrameStream::add_live(const ControlTokens& token) {
  const SynthesiserInput values = values_of(token);
  remember(values);
  return {twice(values.hz), twice(values.voiced), twice(values.loudness)};
}

SynthesiserInput FrameStream::finish() const {
  return {hz_, voiced_, loudness_};
}

SynthesiserInput frames_of(const ControlTokens& tokens, const config::TrainConfig& config) {
  FrameStream frames(config);
  const SynthesiserInput first = frames.add(tokens), last = frames.finish();
  return {joined(first.hz, last.hz), joined(first.voiced, last.voiced),
          joined(first.loudness, last.loudness)};
}

}  // namespace minet::models
