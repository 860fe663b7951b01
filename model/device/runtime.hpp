#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/device/blas_kernels.hpp"

namespace lorafleet::model {

/// Once, first thing in main: keeps freed memory in the process, since page faults otherwise take a
/// good part of the training time, chooses BLAS's kernels, limits BLAS and oneDNN as below, and
/// makes cuBLAS deterministic.
void configure_process();

/// The kernels of this process, chosen at the first call.
const BlasKernels& blas_kernels();

/// OpenBLAS built on pthreads does not follow configure_thread and would compute with all cores in
/// every slot: sets it to one thread. Does nothing to OpenBLAS built on OpenMP, or to another BLAS.
/// `symbol` gives the address of a loaded function by its name, or null.
void limit_blas_threads(const std::function<void*(const char*)>& symbol);

/// oneDNN keeps a compiled product for each shape that it met, 1024 of them unless told otherwise,
/// and packed batches rarely have the same number of rows twice: keeps 128. Does nothing where
/// oneDNN is not there, or hidden inside LibTorch.
void limit_primitive_cache(const std::function<void*(const char*)>& symbol);

/// In every thread that computes, before it does: `threads` of LibTorch's intra-op threads. The
/// setting belongs to the thread.
void configure_thread(int threads);

/// The name of GPU `index` as CUDA's driver gives it, or "unknown". `symbol` gives the address of a
/// function of the driver by its name, or null.
std::string gpu_name(const std::function<void*(const char*)>& symbol, int index);

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
/// `device`: the one that jobs train on, already in use.
RuntimeInfo runtime_info(const std::string& device = "cpu");

/// Why training on this machine's CPU is slower than it has to be; empty: it is not.
std::vector<std::string> runtime_warnings();

/// The largest resident set of this process so far.
std::int64_t peak_rss_bytes();

}  // namespace lorafleet::model
