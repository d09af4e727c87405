// Sampling with LibTorch's operators, on any device.
#include <ATen/ATen.h>

#include "generation/draw_each.hpp"
#include "generation/drawing.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/models/device_graph.hpp"

namespace minet::generation {
namespace {

// The uniform numbers that decide each code, [T, B] double.
at::Tensor uniforms(const Drawing& drawing) {
  const std::int64_t batch = drawing.body.size(0), steps = drawing.steps();
  at::Tensor values = at::empty({steps, batch}, at::kDouble);
  auto value = values.accessor<double, 2>();
  for (std::int64_t b = 0; b < batch; ++b) {
    Random random = drawing.random(b);
    for (std::int64_t t = 0; t < steps; ++t) value[t][b] = random.uniform();
  }
  return values;
}

}  // namespace

void Drawing::throw_if_stopped(std::int64_t step) const {
  if (stop_signal() == 0) return;
  throw Interrupted(text("stopped at code ", step, " of ", steps(), "; nothing was written"),
                    stop_signal());
}

void draw_by_torch(const Drawing& drawing) {
  models::Model& model = drawing.model;
  const at::Tensor& body = drawing.body;
  const std::int64_t batch = body.size(0), steps = drawing.steps();
  models::ContentInput content;
  if (drawing.notes.defined()) {
    content.memory = model.content->forward(drawing.notes, body);  // [B, T, W]
  }
  models::PriorCache cache = model.prior->start(batch, content);
  const at::Tensor uniform = uniforms(drawing).to(body.device());
  at::Tensor codes = at::empty({batch, steps}, body.options().dtype(at::kLong));
  at::Tensor previous;  // [B]
  const auto step = [&] {
    const at::Tensor position = cache.clock.position().clone();
    const at::Tensor logits =
        model.prior->step(cache, previous, body.index_select(1, position).squeeze(1));  // [B, K]
    const at::Tensor drawn =
        draw_each(logits, drawing.options, uniform.index_select(0, position).squeeze(0));
    codes.index_copy_(1, position, drawn.unsqueeze(1));
    previous = previous.defined() ? previous.copy_(drawn) : drawn;
  };
  models::repeat(body.device(), steps, step, [&](std::int64_t t) {
    drawing.throw_if_stopped(t);
    if (t > 0) drawing.done(batch);
  });
  if (steps > 0) drawing.done(batch);
  drawing.codes.copy_(codes);
}

}  // namespace minet::generation
