#pragma once

#include <ATen/core/Tensor.h>

#include "model/network/layers/rotary.hpp"
#include "model/network/network.hpp"

namespace lorafleet::model {

/// Queries, keys and values of a layer: [rows, heads * head_dim] and [rows, kv_heads * head_dim].
/// Internal to model/.
struct Heads {
  at::Tensor q;
  at::Tensor k;
  at::Tensor v;
};

/// How a layer makes them from what its linear layers give side by side.
struct HeadsPlan {
  const AttentionShape& shape;
  const Norm& query;  ///< undefined weight: none
  const Norm& key;
  const Rotation* rotation;  ///< null: none turns
  bool by_head;              ///< [head][q, k, v][d], not [q, k, v][head][d]
};

/// fused: [rows, all], which may be changed, and of which they may be views.
Heads heads_forward(const HeadsPlan& plan, const at::Tensor& fused);

struct HeadGradients {
  Heads heads;       ///< of what heads_forward gave
  at::Tensor fused;  ///< of what it was made from; the others may be views of it
};

/// Room for them.
HeadGradients head_gradients(const HeadsPlan& plan, const at::Tensor& fused);
/// Makes the gradient of `fused`, as heads_forward left it, from those of the heads, which are used
/// up.
at::Tensor heads_backward(const HeadsPlan& plan, const at::Tensor& fused, HeadGradients g);

}  // namespace lorafleet::model
