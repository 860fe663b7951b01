#include "model/runtime.hpp"

#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <malloc.h>
#include <sys/resource.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace lorafleet::model {
namespace {

/// The text after `key` up to the end of the line or a comma; "unknown" where it is missing.
std::string text_after(const std::string& text, const std::string& key) {
  const std::size_t start = text.find(key);
  if (start == std::string::npos) return "unknown";
  const std::size_t first = text.find_first_not_of(" \t:=", start + key.size());
  return text.substr(first, text.find_first_of(",\n", first) - first);
}

void* loaded(const char* name) {
  return ::dlsym(RTLD_DEFAULT, name);
}

std::string blas_name() {
  // OpenBLAS says more about itself than LibTorch does; with another BLAS the symbol is not there.
  using GetConfig = char* (*)();
  if (void* symbol = loaded("openblas_get_config")) {
    return reinterpret_cast<GetConfig>(symbol)();
  }
  return text_after(at::show_config(), "BLAS_INFO");
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  std::ostringstream text;
  text << file.rdbuf();
  return text_after(text.str(), "model name");
}

void* driver_function(const char* name) {
  void* const driver = ::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
  return driver == nullptr ? nullptr : ::dlsym(driver, name);
}

/// "cpu", or the GPU's name and CUDA's version.
std::string describe(const std::string& device) {
  if (device == "cpu") return device;
  const auto version = at::detail::getCUDAHooks().versionCUDART();  // 1000 major + 10 minor
  const int index = std::max(0, static_cast<int>(at::Device(device).index()));
  return gpu_name(driver_function, index) + ", CUDA " + std::to_string(version / 1000) + "." +
         std::to_string(version % 1000 / 10);
}

}  // namespace

void configure_process() {
  constexpr int never = 2'000'000'000;  // bytes
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, never);
  ::mallopt(M_TOP_PAD, 64 << 20);
  limit_blas_threads(loaded);
  limit_primitive_cache(loaded);
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
}

void limit_primitive_cache(const std::function<void*(const char*)>& symbol) {
  constexpr int primitives = 128;
  if (void* const set_capacity = symbol("dnnl_set_primitive_cache_capacity")) {
    reinterpret_cast<int (*)(int)>(set_capacity)(primitives);
  }
}

void limit_blas_threads(const std::function<void*(const char*)>& symbol) {
  constexpr int pthreads = 1;  // 0: sequential, 2: OpenMP
  void* const get_parallel = symbol("openblas_get_parallel");
  void* const set_num_threads = symbol("openblas_set_num_threads");
  if (get_parallel == nullptr || set_num_threads == nullptr) return;
  if (reinterpret_cast<int (*)()>(get_parallel)() == pthreads) {
    reinterpret_cast<void (*)(int)>(set_num_threads)(1);
  }
}

void configure_thread(int threads) {
  at::set_num_threads(threads);
}

std::string gpu_name(const std::function<void*(const char*)>& symbol, int index) {
  // Of the driver's stable C interface: 0 says success.
  void* const get = symbol("cuDeviceGet");
  void* const get_name = symbol("cuDeviceGetName");
  int device = 0;
  char text[128] = {};
  if (get == nullptr || get_name == nullptr ||
      reinterpret_cast<int (*)(int*, int)>(get)(&device, index) != 0 ||
      reinterpret_cast<int (*)(char*, int, int)>(get_name)(text, sizeof text - 1, device) != 0) {
    return "unknown";
  }
  return text;
}

RuntimeInfo runtime_info(const std::string& device) {
  return {TORCH_VERSION,
          blas_name(),
          cpu_name(),
          text_after(at::show_config(), "CPU capability usage"),
          at::get_num_threads(),
          describe(device)};
}

std::int64_t peak_rss_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace lorafleet::model
