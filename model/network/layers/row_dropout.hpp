#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/network/layers/base_dropout.hpp"

namespace lorafleet::model {

/// x [rows, d] with the base's dropout at `site`; null means none. Internal to model/.
at::Tensor dropped(const at::Tensor& x, const BatchDropout* dropout, DropoutSite site,
                   std::int64_t layer);

}  // namespace lorafleet::model
