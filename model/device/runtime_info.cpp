#include "model/device/runtime_info.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <sstream>
#include <utility>

#include "model/device/device_name.hpp"
#include "model/device/process.hpp"

namespace lorafleet::model {
namespace {

/// The text after `key` up to the end of the line or a comma; "unknown" where it is missing.
std::string text_after(const std::string& text, const std::string& key) {
  const std::size_t start = text.find(key);
  if (start == std::string::npos) return "unknown";
  const std::size_t first = text.find_first_not_of(" \t:=", start + key.size());
  return text.substr(first, text.find_first_of(",\n", first) - first);
}

std::string blas_name() {
  // OpenBLAS says more about itself than LibTorch does; with another BLAS the symbol is not there.
  using GetConfig = char* (*)();
  if (void* symbol = loaded("openblas_get_config")) {
    return reinterpret_cast<GetConfig>(symbol)();
  }
  return text_after(at::show_config(), "BLAS_INFO");
}

/// Whether products come from the reference BLAS, Debian's libblas3: a libblas.so without an
/// OpenBLAS, BLIS or ATLAS behind it.
bool is_reference_blas() {
  Dl_info info{};
  void* const product = loaded("sgemm_");
  if (product == nullptr || ::dladdr(product, &info) == 0 || info.dli_fname == nullptr) {
    return false;
  }
  std::error_code ignored;
  const auto file = std::filesystem::canonical(info.dli_fname, ignored);
  if (!file.filename().string().starts_with("libblas.so")) return false;
  void* const library = ::dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return false;
  const bool fast = ::dlsym(library, "openblas_get_config") != nullptr ||
                    ::dlsym(library, "bli_info_get_version_str") != nullptr ||
                    file.string().find("atlas") != std::string::npos;
  ::dlclose(library);
  return !fast;
}

/// dnnl_cpu_isa_t; 2.x and 3.x name AMX by different numbers.
constexpr std::pair<int, const char*> kOneDnnIsas[] = {{0x01, "SSE41"},
                                                       {0x03, "AVX"},
                                                       {0x07, "AVX2"},
                                                       {0x27, "AVX512_CORE"},
                                                       {0x67, "AVX512_CORE_VNNI"},
                                                       {0xe7, "AVX512_CORE_BF16"},
                                                       {0x1ef, "AVX512_CORE_FP16"},
                                                       {0x3e7, "AVX512_CORE_AMX"},
                                                       {0xfef, "AVX512_CORE_AMX"},
                                                       {0x1fef, "AVX512_CORE_AMX_FP16"}};

// Of oneDNN's C interface, the same in 2.x and 3.x: dnnl_version_t begins with three ints.

std::optional<int> onednn_isa() {
  void* const get_isa = loaded("dnnl_get_effective_cpu_isa");
  if (get_isa == nullptr) return std::nullopt;
  return reinterpret_cast<int (*)()>(get_isa)();
}

std::string onednn_name() {
  void* const get_version = loaded("dnnl_version");
  const auto effective = onednn_isa();
  if (get_version == nullptr || !effective) return "unknown";
  const int* const version = reinterpret_cast<const int* (*)()>(get_version)();
  const int isa = *effective;
  std::ostringstream text;
  text << version[0] << '.' << version[1] << '.' << version[2] << ", ";
  const auto known = std::find_if(std::begin(kOneDnnIsas), std::end(kOneDnnIsas),
                                  [&](const auto& entry) { return entry.first == isa; });
  if (known != std::end(kOneDnnIsas)) {
    text << known->second;
  } else {
    text << "instruction set 0x" << std::hex << isa;
  }
  return text.str();
}

/// The bits of dnnl_cpu_isa_t that each generation adds.
VectorIsa onednn_generation(int isa) {
  if ((isa & 0x20) != 0) return VectorIsa::avx512;
  if ((isa & 0x04) != 0) return VectorIsa::avx2;
  return (isa & 0x02) != 0 ? VectorIsa::avx : VectorIsa::sse;
}

std::string libtorch_isa() {
  return text_after(at::show_config(), "CPU capability usage");
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
  if (is_cpu(device)) return device;
  const auto version = at::detail::getCUDAHooks().versionCUDART();  // 1000 major + 10 minor
  return card_name(first_device(device)) + ", CUDA " + std::to_string(version / 1000) + "." +
         std::to_string(version % 1000 / 10);
}

}  // namespace

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

std::string card_name(const std::string& device) {
  return is_cpu(device) ? device : gpu_name(driver_function, device_index(device));
}

RuntimeInfo runtime_info(const std::string& device) {
  const std::string& core = blas_kernels().core;
  const bool reference = is_reference_blas();
  return {TORCH_VERSION,
          reference ? "reference BLAS" : blas_name(),
          reference || core.empty() ? "unknown" : core,
          onednn_name(),
          cpu_name(),
          libtorch_isa(),
          at::get_num_threads(),
          describe(device)};
}

std::vector<std::string> old_kernels(const std::string& libtorch, std::optional<int> onednn,
                                     VectorIsa cpu,
                                     const std::function<const char*(const char*)>& variable) {
  const auto why = [&](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      const char* const value = variable(name);
      if (value != nullptr && *value != '\0')
        return std::string("; ") + name + " = \"" + value + "\" in the environment says so";
    }
    return std::string();
  };
  const std::string though = std::string(", though this CPU has ") + name_of(cpu);
  std::vector<std::string> warnings;
  // LibTorch has kernels for AVX2 and AVX-512, and often does with AVX2 on a CPU that has both.
  const bool has_avx = libtorch == "AVX2" || libtorch == "AVX512" || libtorch == "unknown";
  if (!has_avx && cpu >= VectorIsa::avx2) {
    warnings.push_back("LibTorch computes without AVX2" + though + ": what is no matrix product " +
                       "takes several times as long" + why({"ATEN_CPU_CAPABILITY"}));
  }
  if (onednn && onednn_generation(*onednn) < cpu) {
    warnings.push_back("oneDNN computes with " + std::string(name_of(onednn_generation(*onednn))) +
                       though + ": its products take several times as long" +
                       why({"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"}));
  }
  return warnings;
}

std::vector<std::string> runtime_warnings() {
  std::vector<std::string> warnings;
  if (!blas_kernels().warning.empty()) {
    warnings.push_back(blas_kernels().warning);
  } else if (is_reference_blas()) {
    warnings.emplace_back(
        "BLAS is the plain reference implementation: training takes ten times as long; install "
        "libopenblas0-openmp, or choose it with update-alternatives");
  }
  for (auto& line : old_kernels(libtorch_isa(), onednn_isa(), cpu_vector_isa(),
                                [](const char* name) { return std::getenv(name); }))
    warnings.push_back(std::move(line));
  return warnings;
}

}  // namespace lorafleet::model
