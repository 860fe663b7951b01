#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace lorafleet::model {

// Internal to model/: what differs between the CPU and a GPU.

/// What errors about devices name.
inline constexpr const char* kDeviceKey = "slots.device";

/// GPUs that LibTorch can use.
int gpu_count();

/// "cpu", "cuda" (the first GPU) or "cuda:N". Throws InputError where there is no such device.
at::Device find_device(const std::string& name);

/// The same. For a GPU it also asks LibTorch, process-wide, for deterministic algorithms and for
/// sums of products in float32; CUBLAS_WORKSPACE_CONFIG is not in the environment afterwards.
at::Device open_device(const std::string& name);

/// Whether the loops of model/network/rows/row_kernels.hpp, and host memory as it lies there,
/// serve tensors of this device. If not, ATen's operators do the same work on copies there.
bool computes_on_host(const at::Device& device);

/// While true, computes_on_host is false in this thread for the CPU too.
bool& host_kernels_off();

}  // namespace lorafleet::model
