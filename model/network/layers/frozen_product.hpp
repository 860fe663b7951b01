#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "model/network/layers/frozen_matrix.hpp"
#include "model/network/rows/onednn_product.hpp"

namespace lorafleet::model {

// Internal to model/: products with a frozen matrix W [out, in] of any type of a base. What is
// multiplied is rounded to W's type, where it is not of it already; sums and results are float32. A
// quantised W becomes numbers right before its product.

/// Whether rows are rounded to bfloat16 by own kernels on their way into a product with W, so that
/// who computes them may round them at once.
bool rounds_rows(const FrozenMatrix& weight);

/// W as own products read it, or null where they do not serve it, or it is quantised.
std::shared_ptr<const PackedWeights> packed_weights(const FrozenMatrix& weight);

/// How many rows a product takes at a time where own kernels do not serve, whatever their number,
/// or a few times as many where this was seen to give the same bits: libraries choose how they add
/// by the sizes of a product, and a job's sums must not depend on who shares the rows with it.
std::int64_t product_rows(const at::Device& device);

/// `rows`, or more where products take a fixed number of them.
std::int64_t padded_rows(std::int64_t rows, const at::Device& device);

/// x: [rows, in] -> x W^T + bias: [rows, out]; of x's type but for float32 from the host's kernels;
/// `bias` [out] float32 or, where own kernels do not serve, of the weight's type; or undefined.
/// `packed` is of this weight, or null.
at::Tensor times_transposed(const at::Tensor& x, const FrozenMatrix& weight,
                            const at::Tensor& bias = {}, const PackedWeights* packed = nullptr);

/// g: [rows, out] -> g W: [rows, in].
at::Tensor times(const at::Tensor& g, const FrozenMatrix& weight,
                 const PackedWeights* packed = nullptr);

}  // namespace lorafleet::model
