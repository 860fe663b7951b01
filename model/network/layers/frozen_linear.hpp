#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <memory>

#include "model/network/layers/frozen_matrix.hpp"
#include "model/network/rows/onednn_product.hpp"

namespace lorafleet::model {

// Internal to model/: the linear layers of a frozen base, differentiable in their input and in the
// LoRA factors only.

/// y = x W^T + b. The product runs in the weight's dtype, everything else in float32.
struct FrozenLinear {
  FrozenMatrix weight;  ///< [out, in], float32, bfloat16 or float16
  at::Tensor bias;      ///< [out], float32, or undefined
  std::shared_ptr<const PackedWeights> packed = nullptr;  ///< a plain weight again, or null
};

/// The trainable factors on one linear layer.
struct LoraFactors {
  at::Tensor a;  ///< [r, in], undefined where the layer is not adapted
  at::Tensor b;  ///< [out, r]
  double scale = 0.0;
  std::ptrdiff_t trained_a = -1;  ///< its place among the leaves that have gradients; -1: none
  std::ptrdiff_t trained_b = -1;

  [[nodiscard]] bool trained() const { return trained_a >= 0 || trained_b >= 0; }
  [[nodiscard]] bool defined() const { return a.defined(); }
};

/// x: [T, in] float32 -> [T, out] float32.
at::Tensor linear(const at::Tensor& x, const FrozenLinear& layer);

/// y = x W^T + b + scale (mask * x) A^T B^T (Hu et al., arXiv 2106.09685); `mask` [T, in] holds 0
/// or 1 / (1 - p) for dropout, or is undefined.
at::Tensor lora_linear(const at::Tensor& x, const FrozenLinear& layer, const LoraFactors& lora,
                       const at::Tensor& mask);

}  // namespace lorafleet::model
