// Runs a batch through body encoder, content model and prior: the logits that training and
// evaluation compare with the batch's codes.
#pragma once

#include <ATen/core/Tensor.h>

#include "minet/models/model.hpp"

namespace minet::models {

struct PriorBatch {
  at::Tensor codes;          // [B, T] int64
  at::Tensor pose;           // [B, P, 94] float
  at::Tensor notes;          // [B, T] int64; undefined without content
  at::Tensor notes_present;  // [B] float 0 or 1
};

// Logits, [B, T, K].
at::Tensor prior_logits(Model& model, const PriorBatch& batch);

}  // namespace minet::models
