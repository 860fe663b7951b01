#pragma once

#include <cstdint>
#include <vector>

#include "model/network/layers/base_dropout.hpp"
#include "model/network/layers/parts.hpp"
#include "model/network/rows/small_product.hpp"

namespace lorafleet::model {

/// On the attention probabilities; the same in the forward and the backward pass.
struct AttentionDropout {
  BaseDropout base;
  std::int64_t layer = 0;

  [[nodiscard]] bool active() const {
    return base.probability(DropoutSite::attention_weights) > 0.0;
  }
};

/// Where one sequence's rows lie, and what is made of them. q, out, g, dq: [rows, heads *
/// head_dim]; k, v, dk, dv: [rows, kv_heads * head_dim].
struct SequenceAttention {
  const AttentionShape* shape = nullptr;
  const AttentionDropout* dropout = nullptr;
  std::int64_t sequence = 0;  ///< in its batch, for the dropout
  std::int64_t rows = 0;
  ConstRows q;
  ConstRows k;
  ConstRows v;
  MutableRows out;  ///< forward
  ConstRows g;      ///< backward: the gradient of out
  MutableRows dq;
  MutableRows dk;
  MutableRows dv;
};

/// out = softmax(scale q k^T) v, over the keys that each query sees, for the query heads of one key
/// and value head. On the CPU, from small products: a few queries at a time against the keys that
/// they see. Batched products of a library take twice as long at heads of 32 and 100 keys, where
/// they pack both operands for each. Internal to model/.
void attend(const SequenceAttention& attention, std::int64_t kv_head);
/// dq, dk and dv of the same heads; overwritten. Computes the probabilities again.
void attend_backward(const SequenceAttention& attention, std::int64_t kv_head);

}  // namespace lorafleet::model
