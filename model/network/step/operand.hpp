#pragma once

#include <ATen/core/Tensor.h>

namespace lorafleet::model {

/// Rows on their way into a frozen product. Internal to model/.
struct Operand {
  at::Tensor values;   ///< [rows, width], float32
  at::Tensor rounded;  ///< the same as the product reads it, or undefined: it rounds itself

  [[nodiscard]] const at::Tensor& factor() const { return rounded.defined() ? rounded : values; }
};

}  // namespace lorafleet::model
