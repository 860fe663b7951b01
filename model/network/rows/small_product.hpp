#pragma once

#include <cstdint>

namespace lorafleet::model {

/// An operand that is read one entry at a time: entry (i, k) lies at data[i * row + k * column], so
/// that a transposed one costs nothing.
struct Scattered {
  const float* data = nullptr;
  std::int64_t row = 0;
  std::int64_t column = 1;
};

/// Row-major, rows `stride` entries apart.
struct ConstRows {
  const float* data = nullptr;
  std::int64_t stride = 0;
};
struct MutableRows {
  float* data = nullptr;
  std::int64_t stride = 0;
};

/// c [m, n] = a [m, k] b [k, n], or c += a b. Each entry adds its k terms in order by fused
/// multiply-adds, whatever the tile: the result depends neither on m and n nor, with AVX2 or later,
/// on the CPU. For products with a narrow side, of which LoRA and attention are made: 1,024 x 256
/// by 16 takes 84 us here and 256 us in OpenBLAS, which packs both operands first. Internal to
/// model/.
void small_product(std::int64_t m, std::int64_t n, std::int64_t k, Scattered a, ConstRows b,
                   MutableRows c, bool accumulate);

}  // namespace lorafleet::model
