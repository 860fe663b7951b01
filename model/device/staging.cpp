#include "model/device/staging.hpp"

#include <ATen/ATen.h>

namespace lorafleet::model {

at::Tensor staged(const at::Tensor& values, const at::Device& device) {
  if (device.is_cpu()) return values;
  return values.pin_memory().to(device, /*non_blocking=*/true);
}

}  // namespace lorafleet::model
