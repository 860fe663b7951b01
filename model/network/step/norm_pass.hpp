#pragma once

#include <ATen/core/Tensor.h>

#include "model/network/layers/frozen_matrix.hpp"
#include "model/network/layers/norm.hpp"
#include "model/network/step/operand.hpp"

namespace lorafleet::model {

// Norms by hand, on any device. Of each run of d = weight's size (or, without one, all) entries of
// a row: a whole row, or each of its heads. Rows may lie apart. Internal to model/.

/// x: [rows, n d] -> the same, contiguous; also rounded for a product with `next` where this is
/// defined and takes it so.
Operand norm_forward(const at::Tensor& x, const Norm& norm, const FrozenMatrix& next = {});

/// dx = the gradient of x from g, that of its norm, or dx += it.
void norm_backward(const at::Tensor& x, const Norm& norm, const at::Tensor& g, const at::Tensor& dx,
                   bool accumulate);

}  // namespace lorafleet::model
