#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/device/blas_kernels.hpp"

namespace lorafleet::model {

/// The name of GPU `index` as CUDA's driver gives it, or "unknown". `symbol` gives the address of a
/// function of the driver by its name, or null.
std::string gpu_name(const std::function<void*(const char*)>& symbol, int index);

/// That of a device of this machine, or "cpu".
std::string card_name(const std::string& device);

/// What results depend on besides the scenario, for summary.json.
struct RuntimeInfo {
  std::string libtorch;  ///< "1.13.1"
  std::string blas;      ///< "OpenBLAS 0.3.21 ..."
  std::string kernels;   ///< BLAS's: "SkylakeX", or "unknown"
  std::string onednn;    ///< "2.6.3, AVX512_CORE_AMX": computes in bfloat16; or "unknown"
  std::string cpu;       ///< as in /proc/cpuinfo
  std::string isa;       ///< LibTorch's kernels: "AVX2", "AVX512"
  int threads = 1;       ///< of the calling thread
  std::string device;    ///< "cpu", or "NVIDIA ..., CUDA 12.4"
};
/// `device`: what jobs train on, as `[slots] device` says, already in use; its GPUs are alike.
RuntimeInfo runtime_info(const std::string& device = "cpu");

/// What is slow of LibTorch's own kernels ("NO AVX", "DEFAULT", "AVX2", "AVX512") and of oneDNN's
/// (dnnl_cpu_isa_t, none: unknown) on a CPU. `variable` gives the value of a variable of the
/// environment, or null: those of LibTorch and oneDNN that may be why are named.
std::vector<std::string> old_kernels(const std::string& libtorch, std::optional<int> onednn,
                                     VectorIsa cpu,
                                     const std::function<const char*(const char*)>& variable);

/// Why training on this machine's CPU is slower than it has to be; empty: it is not.
std::vector<std::string> runtime_warnings();

}  // namespace lorafleet::model
