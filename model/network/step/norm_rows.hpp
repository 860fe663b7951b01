#pragma once

#include <cstdint>

#include "model/network/rows/small_product.hpp"

namespace lorafleet::model {

/// A norm as own kernels see it.
struct RowNorm {
  std::int64_t width = 0;
  bool centred = true;  ///< a layer norm; else a root mean square norm
  float epsilon = 0.0f;
  const float* weight = nullptr;  ///< [width], or null: 1
  const float* bias = nullptr;    ///< [width], or null: 0
};

// On the CPU, each row by itself: one pass over memory where ATen's operators take several, and the
// rounding for the product that follows in the same pass. Sums have a fixed order of 16 lanes, as
// those of rows/row_kernels. Forward 0.36 of the time of LibTorch 1.13's operators, backward 1.12,
// for which nothing was kept (bench_row_kernels, one core of an EPYC with AVX-512). Internal to
// model/.

/// y = norm(x); `rounded` gets y in bfloat16 at the same places, where it is not null.
void norm_rows(const RowNorm& norm, std::int64_t rows, const ConstRows& x, const MutableRows& y,
               std::uint16_t* rounded);

/// dx += the gradient of x from that of y, or dx = that where not `accumulate`; g may be dx.
/// Computes what the forward pass knew of a row again.
void norm_rows_backward(const RowNorm& norm, std::int64_t rows, const ConstRows& x,
                        const ConstRows& g, const MutableRows& dx, bool accumulate);

}  // namespace lorafleet::model
