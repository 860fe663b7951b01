#include "model/device/process.hpp"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <malloc.h>
#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "model/device/blas_kernels.hpp"

namespace lorafleet::model {

void* loaded(const char* name) {
  return ::dlsym(RTLD_DEFAULT, name);
}

namespace {

/// A line of /proc/self/status, "VmRSS:  1234 kB"; 0 where there is none.
std::int64_t status_bytes(const std::string& name) {
  std::ifstream file("/proc/self/status");
  std::string word;
  while (file >> word) {
    std::int64_t kilobytes = 0;
    if (word == name && file >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

void configure_process() {
  constexpr int kNever = 2'000'000'000;  // bytes
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, kNever);
  ::mallopt(M_TOP_PAD, 64 << 20);
  blas_kernels();
  limit_blas_threads(loaded);
  limit_primitive_cache(loaded);
}

void limit_primitive_cache(const std::function<void*(const char*)>& symbol) {
  constexpr int kPrimitives = 128;
  if (void* const set_capacity = symbol("dnnl_set_primitive_cache_capacity")) {
    reinterpret_cast<int (*)(int)>(set_capacity)(kPrimitives);
  }
}

void limit_blas_threads(const std::function<void*(const char*)>& symbol) {
  constexpr int kPthreads = 1;  // 0: sequential, 2: OpenMP
  void* const get_parallel = symbol("openblas_get_parallel");
  void* const set_num_threads = symbol("openblas_set_num_threads");
  if (get_parallel == nullptr || set_num_threads == nullptr) return;
  if (reinterpret_cast<int (*)()>(get_parallel)() == kPthreads) {
    reinterpret_cast<void (*)(int)>(set_num_threads)(1);
  }
}

void configure_thread(int threads) {
  at::set_num_threads(threads);
}

std::int64_t rss_bytes() {
  return status_bytes("VmRSS:");
}

std::int64_t peak_rss_bytes() {
  // getrusage counts what the process was before it was executed too: its parent's size.
  const std::int64_t peak = status_bytes("VmHWM:");
  if (peak > 0) return peak;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

bool reset_peak_rss() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

}  // namespace lorafleet::model
