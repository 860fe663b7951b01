#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/network/base_model.hpp"
#include "model/network/layers/base_dropout.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/packed_batch.hpp"

namespace lorafleet::tests {

using model::BaseDropout;
using model::BaseModel;
using model::LoraLeaves;
using model::PackedBatch;

enum class Rows { all, labelled };

/// A packed batch through the network: what goes into the head, [T, e], or [N, e] for the rows that
/// predict a label. `lora` may be null; `hidden_states` and gradients as Network::forward has them.
at::Tensor packed_forward(const BaseModel& base, LoraLeaves* lora, const PackedBatch& batch,
                          Rows rows, std::vector<at::Tensor>* hidden_states = nullptr,
                          const BaseDropout& dropout = {});

}  // namespace lorafleet::tests
