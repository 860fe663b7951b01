#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace lorafleet::model {

/// Causal self-attention over sequences that lie one after the other without padding. Internal to
/// model/.
///
/// q, k, v: [T, heads * head_dim], float32; sequence i has the rows offsets[i] to offsets[i + 1]
/// - 1. Returns [T, heads * head_dim]: softmax(q k^T / sqrt(head_dim)) v inside each sequence. The
/// backward pass computes the probabilities again: no [L, L] matrix outlives a sequence.
at::Tensor packed_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const std::vector<std::int64_t>& offsets, std::int64_t heads);

}  // namespace lorafleet::model
