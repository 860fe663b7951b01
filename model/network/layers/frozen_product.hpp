#pragma once

#include <ATen/core/Tensor.h>

namespace lorafleet::model {

// Internal to model/: products with a frozen matrix W [out, in] of any type of a base. What is
// multiplied is rounded to W's type, sums and results are float32.

/// x: [rows, in] float32 -> x W^T + bias: [rows, out]; `bias` [out] float32, or undefined.
at::Tensor times_transposed(const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias = {});

/// g: [rows, out] float32 -> g W: [rows, in].
at::Tensor times(const at::Tensor& g, const at::Tensor& weight);

}  // namespace lorafleet::model
