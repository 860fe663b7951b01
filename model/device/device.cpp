#include "model/device/device.hpp"

#include <ATen/ATen.h>
#include <torch/cuda.h>

#include <algorithm>
#include <cstdlib>

#include "model/device/device_name.hpp"
#include "model/device/torch_version.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

/// The same bits in every run, and float32 products in float32.
void make_deterministic() {
  // cuBLAS asks for it in deterministic mode; configure_process has set it in our programs.
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
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
  make_deterministic();
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
