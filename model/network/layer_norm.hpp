#pragma once

#include <ATen/core/Tensor.h>

namespace lorafleet::model {

/// weight, bias: [d], float32; undefined where the norm has none. Internal to model/.
struct LayerNorm {
  at::Tensor weight;
  at::Tensor bias;
};

/// x: [rows, d]; epsilon 1e-5.
at::Tensor layer_norm(const at::Tensor& x, const LayerNorm& norm);

}  // namespace lorafleet::model
