#pragma once

#include <cstdint>
#include <vector>

#include "model/network/base_model.hpp"
#include "model/network/layers/base_dropout.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/packed_batch.hpp"

namespace lorafleet::model {

/// Forward and backward pass of one packed batch with at least one label: a step, or a part of one
/// that has `step_labels` labels in all. Adds to `gradient` (that of the trained leaves) the
/// gradient of the loss summed over the batch's labels / step_labels, and returns this sum in nats.
/// Internal to model/.
double training_step(const BaseModel& base, LoraLeaves& lora, const PackedBatch& batch,
                     std::int64_t step_labels, std::vector<float>& gradient,
                     const BaseDropout& dropout = {});

}  // namespace lorafleet::model
