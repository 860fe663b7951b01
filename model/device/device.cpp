#include "model/device/device.hpp"

#include <ATen/ATen.h>
#include <torch/cuda.h>

#include <algorithm>

#include "model/device/device_name.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

at::Device open_device(const std::string& name) {
  constexpr const char* kKey = "slots.device";
  if (!is_device_name(name)) {
    throw InputError(kKey, "\"" + name + "\" is no device; allowed: cpu, cuda, cuda:N");
  }
  if (is_cpu(name)) return at::kCPU;
  if (!torch::cuda::is_available()) {
    throw InputError(kKey, "this LibTorch has no CUDA; allowed: cpu");
  }
  const int index = std::max(0, static_cast<int>(at::Device(name).index()));
  const auto count = static_cast<int>(torch::cuda::device_count());
  if (index >= count) {
    throw InputError(kKey, "there is no " + name +
                               "; allowed: cpu, cuda:0 to cuda:" + std::to_string(count - 1));
  }
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
  return {at::kCUDA, static_cast<at::DeviceIndex>(index)};
}

bool& host_kernels_off() {
  thread_local bool off = false;
  return off;
}

bool computes_on_host(const at::Device& device) {
  return device.is_cpu() && !host_kernels_off();
}

}  // namespace lorafleet::model
