#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "model/network/base_model.hpp"
#include "model/network/layers/base_dropout.hpp"
#include "model/network/lora_leaves.hpp"
#include "model/network/network.hpp"
#include "model/network/packed_batch.hpp"
#include "model/network/step/group_pass.hpp"

namespace lorafleet::model {

/// A job's part of a pass: sequences with at least one label. Internal to model/.
struct StepPart {
  LoraLeaves& lora;
  const PackedBatch& batch;
  double factor;  ///< of the loss, in the gradients
  BaseDropout dropout = {};
  /// What lies within a layer is computed again in the backward pass instead of being kept; the
  /// same for all parts of a pass. The bits are the same.
  bool recomputes = false;
};

/// Of one part.
struct StepResult {
  at::Tensor losses;          ///< [N], of the labels in order, nats, float64
  FactorGradients gradients;  ///< of factor * their sum, by LoraLeaves::trained; undefined: zero
};

/// The sum of losses, added in their order. Waits for the device that computes them.
double sum_of(const at::Tensor& losses);

/// Whether parts that drop like this may go through the base together. On the host each goes by
/// itself: sharing gains nothing there.
bool may_share_a_pass(const BaseModel& base, const BaseDropout& dropout);

/// Forward and backward pass over the base of one part or of several that share it, written by hand
/// for decoders of any family: no graph, one gradient for rows that several linear layers read,
/// nothing below the lowest layer that is trained, and kept are only values that cannot be made
/// again from their neighbours. Computes what Network::forward and LibTorch's autograd compute,
/// which the tests compare it with. What a part gets does not depend on the others, bit for bit:
/// products take a fixed number of rows at a time, or several times as many where this is known to
/// give the same bits (product_rows).
std::vector<StepResult> forward_and_backward(const BaseModel& base,
                                             std::span<const StepPart> parts);

/// What goes into the head of the labelled rows, [N or more, e], from the same forward pass; rows
/// beyond N are padding. `lora` null: the base alone. `attention` null: each sequence's to itself.
at::Tensor labelled_hidden(const BaseModel& base, LoraLeaves* lora, const PackedBatch& batch,
                           const Attention* attention = nullptr);

}  // namespace lorafleet::model
