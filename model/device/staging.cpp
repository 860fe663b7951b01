#include "model/device/staging.hpp"

#include <ATen/ATen.h>

namespace lorafleet::model {

at::Tensor staged(const at::Tensor& values, const at::Device& device) {
  if (device.is_cpu()) return values;
  const at::Tensor pinned = at::empty(values.sizes(), values.options().pinned_memory(true));
  pinned.copy_(values);
  return pinned.to(device, /*non_blocking=*/true);
}

}  // namespace lorafleet::model
