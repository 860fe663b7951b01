#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/network/layers/base_dropout.hpp"

namespace lorafleet::model {

/// Multiplies x [rows, d] by the base's dropout at `site`, in place; null: none. The same in the
/// forward and in the backward pass: no mask is kept. Internal to model/.
void drop_rows(const at::Tensor& x, const BatchDropout* dropout, DropoutSite site,
               std::int64_t layer);

}  // namespace lorafleet::model
