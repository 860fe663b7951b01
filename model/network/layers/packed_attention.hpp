#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/network/layers/host_attention.hpp"

namespace lorafleet::model {

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
