#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model/network/rows/quantized_rows.hpp"

namespace lorafleet::model {

/// The matrix [out, in] of a linear layer in int8 or NF4, row after row, in the host's memory.
struct QuantizedWeight {
  Quantization kind = Quantization::int8;
  std::int64_t out = 0;
  std::int64_t in = 0;
  std::int64_t block = 0;  ///< entries that share a scale
  std::vector<std::uint8_t> codes;
  std::vector<float> scales;

  /// Zeros, with room for the codes and the scales.
  QuantizedWeight(Quantization with, std::int64_t outputs, std::int64_t inputs,
                  std::int64_t block_size);

  [[nodiscard]] std::int64_t size() const { return out * in; }
  /// Calls `sink` with the values [out, in] in order, in blocks of bounded size; `turned`: with
  /// those of its transpose [in, out], in one.
  void read(bool turned, const std::function<void(std::span<const float>)>& sink) const;
};

/// [rows, columns] as [columns, rows].
std::vector<float> transposed(std::span<const float> values, std::int64_t rows,
                              std::int64_t columns);

}  // namespace lorafleet::model
