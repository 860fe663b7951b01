#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace lorafleet::model {

/// Does work on the device beside what others compute there; where there is no memory for it, once
/// more while nothing else does. Internal to model/.
void alone_at_worst(const at::Device& device, const std::function<void()>& work);

}  // namespace lorafleet::model
