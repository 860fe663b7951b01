#include <algorithm>
#include <cmath>

#include "actors/strategy/messages/codec.hpp"

namespace lorafleet::strategy {
namespace {

void to_int8(std::span<float> values) {
  float largest = 0.0f;
  for (const float x : values)
    largest = std::max(largest, std::abs(x));
  const float scale = largest / 127.0f;
  for (float& x : values) {
    // A scale that underflows loses the tensor.
    const double q = scale > 0.0f ? std::nearbyint(static_cast<double>(x) / scale) : 0.0;
    x = static_cast<float>(std::clamp(q, -127.0, 127.0)) * scale;
  }
}

/// 1 byte a value and 4 bytes a factor tensor: scale = max |x| / 127 as float32, q = x / scale to
/// the nearest, ties to even; read back as q scale.
class Int8Codec final : public Codec {
 public:
  [[nodiscard]] std::int64_t bytes(std::size_t values, std::size_t tensors) const override {
    return static_cast<std::int64_t>(values + 4 * tensors);
  }
  void pass(std::span<float> values, std::span<const model::TensorRange> tensors) const override {
    for (const model::TensorRange& tensor : tensors)
      to_int8(values.subspan(tensor.offset, tensor.size));
  }
};

}  // namespace

CodecEntry int8() {
  return {.name = "int8",
          .keys = {"error_feedback"},
          .make = [](const sim::NetworkConfig&) -> CodecPtr {
            return std::make_shared<const Int8Codec>();
          }};
}

}  // namespace lorafleet::strategy
