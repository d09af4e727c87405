#include "minet/models/prior_logits.hpp"

#include <ATen/ATen.h>

namespace minet::models {

at::Tensor prior_logits(Model& model, const PriorBatch& batch) {
  const at::Tensor body = model.body->forward(batch.pose);  // [B, H]
  ContentInput content;
  if (model.config.content.enabled && batch.notes.defined()) {
    content.memory = model.content->forward(batch.notes, body);  // [B, T, W]
    content.present = batch.notes_present;
  }
  return model.prior->forward(batch.codes, body, content);
}

}  // namespace minet::models
