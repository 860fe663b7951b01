#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/network/kernels/device_attention.hpp"
#include "model/network/layers/base_dropout.hpp"
#include "model/network/network.hpp"
#include "model/network/packed_batch.hpp"
#include "model/network/step/activation_pass.hpp"
#include "model/network/step/group_pass.hpp"
#include "model/network/step/heads_pass.hpp"
#include "model/network/step/job_rows.hpp"

namespace lorafleet::model {

/// What all layers of a pass share. Internal to model/.
struct LayerContext {
  const Network& network;
  const JobRows& jobs;         ///< without any: the base alone, and no backward pass
  const JobRows& wanted_jobs;  ///< the same of the wanted rows
  const PackedBatch& batch;
  const BaseDropout& dropout;       ///< of the only job, where jobs may not share a pass
  const BatchDropout& rows;         ///< of all rows
  const BatchDropout& wanted_rows;  ///< of the wanted ones
  const at::Tensor& wanted;         ///< the rows that the last layer gives out, and padding, int64
  const at::Tensor&
      place_among_wanted;      ///< of each row, in `wanted`; any of a row that is not there
  const at::Tensor& unwanted;  ///< [rows, 1], bool: such a row
  const std::vector<Rotation>& rotations;
  const Attention*
      attention;  ///< in place of each sequence's own, without a backward pass; or null
};

/// What the backward pass of a layer needs of its forward pass: what cannot be made again cheaply.
struct LayerTape {
  at::Tensor x;  ///< what went in, [rows, d]
  GroupTape attention_in;
  at::Tensor fused;  ///< queries, keys and values side by side
  Heads heads;
  AttentionTape attention;
  at::Tensor mixed;  ///< attention's result, where its projection has trained factors
  GroupTape attention_out;
  at::Tensor attention_output;  ///< before its own norm
  at::Tensor sum;               ///< of x and attention, before a norm that comes after it
  at::Tensor middle;            ///< what the second half adds to, and mostly reads
  GroupTape feed_forward_in;
  ActivationTape activation;
  at::Tensor wide;  ///< what goes down, where this projection has trained factors
  GroupTape feed_forward_out;
  at::Tensor feed_forward_output;
  at::Tensor last_sum;  ///< before a norm that comes after it
};

/// Layer `index` of a decoder, as Network::forward computes it: x [rows, d] -> [rows, d], or the
/// wanted rows of it after the last layer. x may be used up. `tape` null: no backward pass follows.
at::Tensor layer_forward(const LayerContext& context, std::int64_t index, at::Tensor x,
                         LayerTape* tape);

/// The gradient of x from that of the result, g, which is used up, and those of the layer's
/// factors. Undefined where it is not wanted. The tape is used up.
at::Tensor layer_backward(const LayerContext& context, std::int64_t index, at::Tensor g,
                          LayerTape tape, bool wants_x, std::vector<FactorGradients>& gradients);

/// The gradient of all rows from g, that of the wanted ones; the others have none.
at::Tensor among_all(const LayerContext& context, const at::Tensor& g);

/// Whether any of the layer's factors are trained.
bool trains(const Network::Layer& layer, const JobRows& jobs);

}  // namespace lorafleet::model
