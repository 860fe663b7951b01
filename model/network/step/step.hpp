#pragma once

#include <cstdint>

#include "model/network/base_model.hpp"
#include "model/network/layers/base_dropout.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/packed_batch.hpp"
#include "model/network/step/group_pass.hpp"

namespace lorafleet::model {

/// Of one packed batch. Internal to model/.
struct StepResult {
  double loss_sum = 0.0;      ///< over the labels, nats
  FactorGradients gradients;  ///< of factor * loss_sum, by LoraLeaves::trained; undefined: zero
};

/// Forward and backward pass of one packed batch with at least one label, written by hand for
/// bases of any family: no graph, one gradient for rows that several linear layers read, nothing
/// below the lowest layer that is trained, and kept are only values that cannot be made again from
/// their neighbours. Computes what Network::forward and LibTorch's autograd compute, which the
/// tests compare it with.
StepResult forward_and_backward(const BaseModel& base, LoraLeaves& lora, const PackedBatch& batch,
                                double factor, const BaseDropout& dropout);

/// What goes into the head of the labelled rows, [N, e], from the same forward pass. `lora` null:
/// the base alone.
at::Tensor labelled_hidden(const BaseModel& base, LoraLeaves* lora, const PackedBatch& batch);

}  // namespace lorafleet::model
