#pragma once

#include <ATen/core/Tensor.h>

#include "model/network/base_model.hpp"
#include "model/network/layers/base_dropout.hpp"
#include "model/network/lora_leaves.hpp"
#include "tests/model/padded_batch.hpp"

namespace lorafleet::tests {

/// The same network the usual way, with padding, dense masks and all logits: what the packed form
/// is measured against, for its numbers (tests) and its speed (bench).
/// Returns [rows, columns, V]. A row of padding on the left sees no key and so, as in Hugging
/// Face's eager attention, attends to all of them alike. `dropout` counts rows from the first
/// column: it is the packed form's where padding is on the right.
at::Tensor padded_logits(const model::BaseModel& base, model::LoraLeaves* lora,
                         const PaddedBatch& batch, const model::BaseDropout& dropout = {});

/// Hugging Face's loss: each label is predicted by the column left of it; mean over labels != -100.
at::Tensor padded_loss(const at::Tensor& logits, const PaddedBatch& batch);

}  // namespace lorafleet::tests
