#pragma once

#include <cstdint>

#include "model/network/rows/small_product.hpp"

namespace lorafleet::model {

/// Cosines and sines of rows: [rows, frequencies] each. Internal to model/.
struct RowAngles {
  const float* cos = nullptr;
  const float* sin = nullptr;
  std::int64_t frequencies = 0;
};

/// Turns the first dimensions of each head of x [rows, width], as layers/rotary does, on the CPU
/// and in place; by the negative angles where `back`. 0.07 of the time of LibTorch 1.13's
/// operators, which make five copies (bench_row_kernels, one core of an EPYC with AVX-512).
void turn_rows(const RowAngles& angles, std::int64_t rows, std::int64_t width,
               std::int64_t head_dim, bool back, const MutableRows& x);

}  // namespace lorafleet::model
