#pragma once

#include <cstdint>
#include <vector>

#include "model/network/rows/quantized_rows.hpp"

namespace lorafleet::tests {

/// A part of a frozen matrix: codes and scales, or with Quantization::none numbers.
struct FrozenPart {
  model::Quantization kind = model::Quantization::none;
  std::int64_t out = 0;
  std::int64_t in = 0;
  std::int64_t block = 0;  ///< entries that share a scale
  std::vector<std::uint8_t> codes = {};
  std::vector<float> numbers = {};  ///< the scales, or all entries
};

/// What parts below each other become for a product, by the host's kernels or, with HostKernelsOff,
/// by operators of any device: [outputs of all, in]; rounded to bfloat16 where `narrow`.
std::vector<float> dense_numbers(const std::vector<FrozenPart>& parts, bool narrow = false);

}  // namespace lorafleet::tests
