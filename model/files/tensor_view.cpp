#include "model/files/tensor_view.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

#include "model/files/half.hpp"

namespace lorafleet::model {
namespace {

static_assert(std::endian::native == std::endian::little, "files of weights are little-endian");

float widened(DType dtype, const std::byte* element) {
  if (dtype == DType::float32) {
    float value = 0.0f;
    std::memcpy(&value, element, sizeof value);
    return value;
  }
  std::uint16_t half = 0;
  std::memcpy(&half, element, sizeof half);
  return dtype == DType::float16 ? float16_to_float32(half) : bfloat16_to_float32(half);
}

}  // namespace

std::optional<std::uint64_t> tensor_bytes(DType dtype, const std::vector<std::int64_t>& shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  constexpr auto kLimit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t bytes = byte_size(dtype);
  for (const std::int64_t extent : shape) {
    if (static_cast<std::uint64_t>(extent) > kLimit / bytes) return std::nullopt;
    bytes *= static_cast<std::uint64_t>(extent);
  }
  return bytes;
}

std::int64_t TensorView::numel() const {
  // tensor_bytes passed the shape; beside an extent of 0 the product of the others may overflow.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::int64_t count = 1;
  for (const std::int64_t extent : shape)
    count *= extent;
  return count;
}

void TensorView::read(std::size_t first, std::span<float> values) const {
  if (!is_weight_type(dtype)) {
    throw std::logic_error("a tensor of type " + std::string(safetensors_name(dtype)) +
                           " does not convert to float32");
  }
  const std::size_t size = byte_size(dtype);
  if (strides.empty()) {
    const std::byte* from = bytes.data() + first * size;
    if (dtype == DType::float32) {
      if (!values.empty()) std::memcpy(values.data(), from, values.size_bytes());
      return;
    }
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = widened(dtype, from + i * size);
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::size_t rest = first + i;
    std::size_t at = 0;
    for (std::size_t d = shape.size(); d-- > 0;) {
      const auto extent = static_cast<std::size_t>(shape[d]);
      at += rest % extent * static_cast<std::size_t>(strides[d]);
      rest /= extent;
    }
    values[i] = widened(dtype, bytes.data() + at * size);
  }
}

std::vector<float> TensorView::to_float32() const {
  std::vector<float> values(static_cast<std::size_t>(numel()));
  read(0, values);
  return values;
}

}  // namespace lorafleet::model
