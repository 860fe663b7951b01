#include "model/device/device.hpp"

#include <ATen/ATen.h>
#include <torch/cuda.h>

#include <cstdlib>
#include <mutex>

#include "model/device/device_name.hpp"
#include "model/device/torch_version.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

constexpr const char* kCublasWorkspace = "CUBLAS_WORKSPACE_CONFIG";

/// LibTorch asks for the variable once in deterministic mode, at the first product, but reads it at
/// every product, with a regular expression, which takes longer than the rest of it. Workspaces are
/// a thread's own, so that their default size is as deterministic. The other value that LibTorch
/// allows, :16:8, would leave this thread with a smaller workspace than it takes it for.
void look_up_cublas_once(const at::Device& device) {
  ::setenv(kCublasWorkspace, ":4096:8", /*overwrite=*/1);
  const at::Tensor x = at::zeros({8, 8}, at::TensorOptions().device(device));
  at::mm(x, x);
  ::unsetenv(kCublasWorkspace);
}

/// The same bits in every run, and float32 products in float32.
void make_deterministic() {
  at::Context& context = at::globalContext();
  // With warn_only, fused attention stays with its faster backward pass, whose sums come in any
  // order. None of the operators that we call on a GPU lacks a deterministic form; one that did
  // would end the run with its name.
  context.setDeterministicAlgorithms(true, /*warn_only=*/false);
#if LORAFLEET_TORCH_AT_LEAST(2, 2)
  // Else each at::empty is filled with NaN first.
  context.setDeterministicFillUninitializedMemory(false);
#endif
  context.setAllowTF32CuBLAS(false);
  context.setAllowTF32CuDNN(false);
  context.setAllowFP16ReductionCuBLAS(false);
#if LORAFLEET_TORCH_AT_LEAST(2, 0)
  context.setAllowBF16ReductionCuBLAS(false);
#endif
}

}  // namespace

int gpu_count() {
  return torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
}

at::Device find_device(const std::string& name) {
  if (!is_device_name(name)) {
    throw InputError(kDeviceKey, "\"" + name + "\" is no device; allowed: cpu, cuda, cuda:N");
  }
  if (is_cpu(name)) return at::kCPU;
  const int count = gpu_count();
  if (count == 0) throw InputError(kDeviceKey, "this LibTorch has no CUDA; allowed: cpu");
  const int index = device_index(name);
  if (index >= count) {
    throw InputError(kDeviceKey, "there is no " + name +
                                     "; allowed: cpu, cuda:0 to cuda:" + std::to_string(count - 1));
  }
  return {at::kCUDA, static_cast<at::DeviceIndex>(index)};
}

at::Device open_device(const std::string& name) {
  const at::Device device = find_device(name);
  if (device.is_cpu()) return device;
  static std::once_flag once;
  std::call_once(once, [&] {
    make_deterministic();
    look_up_cublas_once(device);
  });
  return device;
}

bool& host_kernels_off() {
  thread_local bool off = false;
  return off;
}

bool computes_on_host(const at::Device& device) {
  return device.is_cpu() && !host_kernels_off();
}

}  // namespace lorafleet::model
