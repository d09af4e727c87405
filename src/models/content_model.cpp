// Checks shared by both content models, and the choice between them.
#include "minet/models/content_model.hpp"

#include <ATen/ATen.h>

#include <memory>

#include "minet/models/content_gru.hpp"
#include "minet/models/content_transformer.hpp"
#include "models/checks.hpp"

namespace minet::models {

void ContentModelImpl::check(const at::Tensor& notes, const at::Tensor& body) const {
  require(notes.dim() == 2 && notes.size(1) >= 1 && notes.scalar_type() == at::kLong,
          "the content model expected notes [B, T] int64, got ", notes.sizes(), " of type ",
          notes.scalar_type());
  const std::int64_t batch = notes.size(0), steps = notes.size(1);
  if (notes.is_cpu() && notes.numel() > 0) {  // on a GPU the check would wait for it
    const std::int64_t low = notes.min().item<std::int64_t>();
    const std::int64_t high = notes.max().item<std::int64_t>();
    require(low >= 0 && high < kNoteSymbols, "expected notes from 0 (rest) to ", kNoteSymbols - 1,
            " (1 + MIDI pitch), got some from ", low, " to ", high);
  }
  require(body.size(-1) == config.body_width() && body.size(0) == batch &&
              (body.dim() == 2 || (body.dim() == 3 && body.size(1) == steps)),
          "the content model expected the body vector [", batch, ", ", config.body_width(),
          "] or [", batch, ", ", steps, ", ", config.body_width(), "], got ", body.sizes());
}

ContentModel make_content(const config::TrainConfig& config) {
  // The holder takes a pointer to exactly the base.
  std::shared_ptr<ContentModelImpl> content;
  if (config.prior.kind == config::PriorKind::gru) {
    content = std::make_shared<ContentGruImpl>(config);
  } else {
    content = std::make_shared<ContentTransformerImpl>(config);
  }
  return ContentModel(content);
}

}  // namespace minet::models
