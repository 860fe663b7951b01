#include <algorithm>

#include "actors/strategy/messages/codec.hpp"
#include "model/files/half.hpp"

namespace lorafleet::strategy {
namespace {

constexpr float kLargestFloat16 = 65504.0f;
constexpr float kLargestBfloat16 = 0x1.fep127f;

float through_float16(float x) {
  return model::float16_to_float32(
      model::float32_to_float16(std::clamp(x, -kLargestFloat16, kLargestFloat16)));
}

float through_bfloat16(float x) {
  return model::bfloat16_to_float32(
      model::float32_to_bfloat16(std::clamp(x, -kLargestBfloat16, kLargestBfloat16)));
}

/// 2 bytes a value, to the nearest, ties to even; beyond the largest to that.
template <float (*through)(float)>
class HalfCodec final : public Codec {
 public:
  [[nodiscard]] std::int64_t bytes(std::size_t values, std::size_t) const override {
    return static_cast<std::int64_t>(2 * values);
  }
  void pass(std::span<float> values, std::span<const model::TensorRange> tensors) const override {
    for (const model::TensorRange& tensor : tensors) {
      for (float& x : values.subspan(tensor.offset, tensor.size))
        x = through(x);
    }
  }
};

template <float (*through)(float)>
CodecEntry half(const char* name) {
  return {
      .name = name, .keys = {"error_feedback"}, .make = [](const sim::NetworkConfig&) -> CodecPtr {
        return std::make_shared<const HalfCodec<through>>();
      }};
}

}  // namespace

/// IEEE binary16.
CodecEntry float16() {
  return half<through_float16>("float16");
}

CodecEntry bfloat16() {
  return half<through_bfloat16>("bfloat16");
}

}  // namespace lorafleet::strategy
