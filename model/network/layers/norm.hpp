#pragma once

#include <ATen/core/Tensor.h>

#include "model/network/layers/parts.hpp"

namespace lorafleet::model {

/// weight, bias: [d], float32, and again in bfloat16; undefined where the norm has none. Internal
/// to model/.
struct Norm {
  NormParts parts;
  at::Tensor weight;
  at::Tensor bias;
  at::Tensor narrow_weight = {};  ///< for rows of bfloat16
  at::Tensor narrow_bias = {};
};

/// x: [rows, d], d the last dimension; computed in float32.
at::Tensor normalised(const at::Tensor& x, const Norm& norm);

/// The same of each head of x [rows, heads * d].
at::Tensor normalised_heads(const at::Tensor& x, const Norm& norm);

}  // namespace lorafleet::model
