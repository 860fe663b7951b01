#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/network/rows/small_product.hpp"

namespace lorafleet::model {

// A float32 tensor [rows, width] as own kernels see it, from its row `first` on. Its rows may lie
// apart, as columns of a wider matrix do. Internal to model/.

inline ConstRows rows_of(const at::Tensor& x, std::int64_t first = 0) {
  return {x.data_ptr<float>() + first * x.stride(0), x.stride(0)};
}

inline MutableRows rows_into(const at::Tensor& x, std::int64_t first = 0) {
  return {x.data_ptr<float>() + first * x.stride(0), x.stride(0)};
}

}  // namespace lorafleet::model
