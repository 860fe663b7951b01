#pragma once

#include <ATen/core/Tensor.h>

namespace lorafleet::model {

/// The angles of some rows. Internal to model/.
struct Rotation {
  at::Tensor cos;  ///< [rows, 1, frequencies], float32
  at::Tensor sin;
};

/// positions: [rows], int64; frequencies: [count], float32, on the same device.
Rotation rotation_at(const at::Tensor& positions, const at::Tensor& frequencies);

/// x: [rows, heads * head_dim], each head's first dimensions turned: (a, b) of the pair i, i +
/// frequencies become (a cos - b sin, b cos + a sin).
at::Tensor rotated(const at::Tensor& x, const Rotation& rotation, std::int64_t head_dim);

}  // namespace lorafleet::model
