#pragma once

#include <ATen/core/Tensor.h>

namespace lorafleet::model {

// Whole matrices [rows, width] on the host, on all threads of the caller's team. Internal to
// model/.

/// Float32 values to the nearest bfloat16.
at::Tensor as_bfloat16(const at::Tensor& values);

/// Back again, exactly.
at::Tensor as_float32(const at::Tensor& rounded);

}  // namespace lorafleet::model
