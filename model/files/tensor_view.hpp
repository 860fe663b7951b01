#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/files/dtype.hpp"

namespace lorafleet::model {

/// Bytes of a tensor; nothing where they pass the range of int64. Extents must not be negative.
std::optional<std::uint64_t> tensor_bytes(DType dtype, const std::vector<std::int64_t>& shape);

/// A tensor inside a file in memory: valid as long as the file is.
struct TensorView {
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;   ///< from the first element on
  std::vector<std::int64_t> strides;  ///< in elements; empty: row-major, without gaps

  [[nodiscard]] std::int64_t numel() const;
  /// Elements `first`, `first` + 1, ... in row-major order, as float32, from float32, float16 or
  /// bfloat16. Throws std::logic_error for other types.
  void read(std::size_t first, std::span<float> values) const;
  /// All of them.
  [[nodiscard]] std::vector<float> to_float32() const;
};

}  // namespace lorafleet::model
