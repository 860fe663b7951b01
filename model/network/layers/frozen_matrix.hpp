#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "model/network/rows/quantized_rows.hpp"

namespace lorafleet::model {

// Internal to model/: the weights of a frozen linear layer, as numbers or in fewer bits.

/// A matrix [out, in] in int8 or NF4, row after row, on the device that computes with it.
struct QuantizedMatrix {
  Quantization kind = Quantization::int8;
  std::int64_t out = 0;
  std::int64_t in = 0;
  std::int64_t block = 0;  ///< entries that share a scale
  at::Tensor codes;        ///< int8 [out * in], or uint8 [(out * in + 1) / 2] for NF4
  at::Tensor scales;       ///< float32, of each block
  at::Tensor pairs;        ///< float32 [256, 2], of NF4: the two values of each byte

  [[nodiscard]] std::int64_t bytes() const;
};

/// Fills `to`, [out, in], contiguous, float32, bfloat16 or float16: value * scale is rounded to
/// float32, and that to the type of `to`. An entry does not depend on the device, nor on the other
/// blocks.
void dequantize(const QuantizedMatrix& from, const at::Tensor& to);

/// W [out, in] as products read it: a tensor, or parts one below the other of which some are
/// quantised. A copy shares what it holds.
class FrozenMatrix {
 public:
  FrozenMatrix() = default;
  /// [out, in].
  FrozenMatrix(at::Tensor plain) : plain_(std::move(plain)) {}
  /// That products read as `type`.
  FrozenMatrix(QuantizedMatrix quantized, at::ScalarType type);
  /// Of equal width and type, in one; at least one of them is quantised.
  static FrozenMatrix below_each_other(const std::vector<FrozenMatrix>& matrices);

  [[nodiscard]] bool defined() const { return plain_.defined() || !parts_.empty(); }
  /// Where it is a tensor that products read as it is; undefined where any part is quantised.
  [[nodiscard]] const at::Tensor& plain() const { return plain_; }
  /// Of dimension 0 or 1: out or in.
  [[nodiscard]] std::int64_t size(int dimension) const;
  /// Of what products read.
  [[nodiscard]] at::ScalarType scalar_type() const;
  [[nodiscard]] at::Device device() const;

  /// [out, in], of scalar_type(). Of a quantised matrix it is made each time: on the host in a
  /// buffer of the calling thread, which the thread's next call fills anew.
  [[nodiscard]] at::Tensor dense() const;

 private:
  struct Part {
    at::Tensor plain;
    std::shared_ptr<const QuantizedMatrix> quantized;  ///< in place of `plain`

    [[nodiscard]] std::int64_t out() const { return quantized ? quantized->out : plain.size(0); }
    [[nodiscard]] std::int64_t in() const { return quantized ? quantized->in : plain.size(1); }
  };

  at::Tensor plain_;
  std::vector<Part> parts_;
  at::ScalarType type_ = at::kFloat;  ///< of what the parts become
};

}  // namespace lorafleet::model
