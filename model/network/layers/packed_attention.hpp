#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/network/layers/base_dropout.hpp"
#include "model/network/layers/parts.hpp"

namespace lorafleet::model {

/// On the attention probabilities; the same in the forward and the backward pass.
struct AttentionDropout {
  BaseDropout base;
  std::int64_t layer = 0;

  [[nodiscard]] bool active() const {
    return base.probability(DropoutSite::attention_weights) > 0.0;
  }
};

/// Causal self-attention over sequences that lie one after the other without padding. Internal to
/// model/.
///
/// q: [T, heads * head_dim], k, v: [T, kv_heads * head_dim], float32; sequence i has the rows
/// offsets[i] to offsets[i + 1] - 1. Returns [T, heads * head_dim]: softmax(scale q k^T) v inside
/// each sequence and window. The backward pass computes the probabilities again: no [L, L] matrix
/// outlives a sequence.
at::Tensor packed_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const std::vector<std::int64_t>& offsets, const AttentionShape& shape,
                            const AttentionDropout& dropout = {});

}  // namespace lorafleet::model
