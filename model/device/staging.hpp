#pragma once

#include <ATen/core/Tensor.h>

namespace lorafleet::model {

/// A tensor of the host's memory on a device, without waiting for the work that the device has been
/// given; there the copy is made in its turn. On the CPU the tensor itself. Internal to model/.
at::Tensor staged(const at::Tensor& values, const at::Device& device);

}  // namespace lorafleet::model
