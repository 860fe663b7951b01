#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace lorafleet::model {

/// A view of `values` as an int64 tensor on the CPU. Internal to model/.
at::Tensor index_tensor(const std::vector<std::int64_t>& values);

}  // namespace lorafleet::model
