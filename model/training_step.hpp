#pragma once

#include <vector>

#include "model/base_model.hpp"
#include "model/batching.hpp"
#include "model/lora.hpp"

namespace lorafleet::model {

/// Forward and backward pass of one packed batch with at least one label. Fills `gradient` (in the
/// layout of the leaves) with that of the mean loss over the labels, and returns the sum of their
/// losses in nats. Internal to model/.
double training_step(const BaseModel& base, LoraLeaves& lora, const PackedBatch& batch,
                     std::vector<float>& gradient);

}  // namespace lorafleet::model
