#pragma once

#include <ATen/core/Tensor.h>

namespace lorafleet::pretrain {

// Products of a layer that learns: of bfloat16 factors, summed in float32, where oneDNN has its
// kernels for them (five times as fast with AMX), else in float32 by BLAS. All take and give
// float32.

/// y = x W^T + b, x: [rows, in], weight: [out, in], bias: [out]; takes part in autograd.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// The output layer's products over a few rows at a time. weight: [V, d], which does not change
/// meanwhile.
class HeadProducts {
 public:
  /// With `learns`, for gradients too.
  HeadProducts(const at::Tensor& weight, bool learns);

  /// logits: [rows, V] = hidden W^T.
  void logits(const at::Tensor& hidden, at::Tensor& logits);
  /// Of gradient: [rows, V], that of the logits: hidden_gradient: [rows, d] = gradient W; adds
  /// gradient^T hidden to the weight's.
  void backward(const at::Tensor& gradient, const at::Tensor& hidden, at::Tensor& hidden_gradient);
  /// [V, d].
  [[nodiscard]] at::Tensor weight_gradient() const;

 private:
  at::Tensor weight_;
  at::Tensor rounded_;  ///< bfloat16; undefined where BLAS computes
  at::Tensor sum_;      ///< the weight's gradient, [V, d], or [d, V] where oneDNN computes
};

}  // namespace lorafleet::pretrain
