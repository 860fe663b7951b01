#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/network/kernels/device_attention.hpp"
#include "model/network/layers/host_attention.hpp"

namespace lorafleet::model {

/// Self-attention over sequences that lie one after the other without padding. Internal to
/// model/.
///
/// q: [T, heads * head_dim], k, v: [T, kv_heads * head_dim], float32; sequence i has the rows
/// offsets[i] to offsets[i + 1] - 1. Returns [T, heads * head_dim]: softmax(scale q k^T) v inside
/// each sequence, over the keys that the shape lets a query see. The backward pass computes the
/// probabilities again: no [L, L] matrix outlives a sequence. LibTorch has nothing for sequences of
/// unequal lengths on a CPU, and padded ones train 2.6 to 2.9 times slower
/// (bench_train_throughput, opt-mini, a Xeon with AVX-512).
at::Tensor packed_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const std::vector<std::int64_t>& offsets, const AttentionShape& shape,
                            const AttentionDropout& dropout = {});

/// The same by hand. Rows of q, k, v may lie apart, as columns of a wider matrix do; those behind
/// the last sequence are padding, of which the result is zero. On a GPU, where nothing is dropped,
/// from LibTorch's fused attention in q's type, which saves something for the backward pass in
/// `tape`; null: no backward pass follows.
at::Tensor attention_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                             const std::vector<std::int64_t>& offsets, const AttentionShape& shape,
                             const AttentionDropout& dropout, AttentionTape* tape = nullptr);

/// Where the gradients of q, k and v go: shaped like these, overwritten, rows may lie apart.
struct AttentionGradients {
  at::Tensor q;
  at::Tensor k;
  at::Tensor v;
};

/// From the gradient g of what attention_forward returned; contiguous. Without that one's tape it
/// may compute the forward pass again.
void attention_backward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                        const at::Tensor& g, const std::vector<std::int64_t>& offsets,
                        const AttentionShape& shape, const AttentionDropout& dropout,
                        const AttentionGradients& into, const AttentionTape& tape = {});

}  // namespace lorafleet::model
