#include "model/device/blas_kernels.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

namespace lorafleet::model {

namespace {

constexpr const char* kVariable = "OPENBLAS_CORETYPE";

struct Core {
  std::string_view name;
  VectorIsa isa;
};

// The names of OpenBLAS's dynamic.c up to 0.3.30; those of SSE alone are the others.
constexpr std::array kCores = {
    Core{"Sandybridge", VectorIsa::avx},
    Core{"Bulldozer", VectorIsa::avx},
    Core{"Piledriver", VectorIsa::avx},
    Core{"Steamroller", VectorIsa::avx},
    Core{"Excavator", VectorIsa::avx2},
    Core{"Haswell", VectorIsa::avx2},
    Core{"Zen", VectorIsa::avx2},
    Core{"Unknown", VectorIsa::sse},
    Core{"Generic", VectorIsa::sse},
    Core{"Katmai", VectorIsa::sse},
    Core{"Coppermine", VectorIsa::sse},
    Core{"Northwood", VectorIsa::sse},
    Core{"Prescott", VectorIsa::sse},
    Core{"Banias", VectorIsa::sse},
    Core{"Atom", VectorIsa::sse},
    Core{"Core2", VectorIsa::sse},
    Core{"Penryn", VectorIsa::sse},
    Core{"Dunnington", VectorIsa::sse},
    Core{"Nehalem", VectorIsa::sse},
    Core{"Athlon", VectorIsa::sse},
    Core{"Opteron", VectorIsa::sse},
    Core{"Opteron_SSE3", VectorIsa::sse},
    Core{"Opteron(SSE3)", VectorIsa::sse},
    Core{"Barcelona", VectorIsa::sse},
    Core{"Nano", VectorIsa::sse},
    Core{"Bobcat", VectorIsa::sse},
    Core{"SkylakeX", VectorIsa::avx512},
    Core{"Cooperlake", VectorIsa::avx512},
    Core{"SapphireRapids", VectorIsa::avx512},
};

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

const Core* find_core(std::string_view name) {
  const auto found = std::find_if(kCores.begin(), kCores.end(),
                                  [&](const Core& core) { return same_name(core.name, name); });
  return found == kCores.end() ? nullptr : &*found;
}

/// The core that every OpenBLAS knows for a generation.
const char* core_for(VectorIsa isa) {
  switch (isa) {
    case VectorIsa::avx512:
      return "SkylakeX";
    case VectorIsa::avx2:
      return "Haswell";
    case VectorIsa::avx:
      return "Sandybridge";
    case VectorIsa::sse:
      break;
  }
  return "Nehalem";
}

class OpenBlas {
 public:
  explicit OpenBlas(const std::function<void*(const char*)>& symbol)
      : name_(reinterpret_cast<char* (*)()>(symbol("openblas_get_corename"))),
        quit_(reinterpret_cast<void (*)()>(symbol("gotoblas_dynamic_quit"))),
        init_(reinterpret_cast<void (*)()>(symbol("gotoblas_dynamic_init"))) {}

  [[nodiscard]] bool is_there() const { return name_ != nullptr; }
  [[nodiscard]] std::string core() const { return name_(); }

  /// Builds for a single CPU have nothing to choose from. OpenBLAS has no documented call for this;
  /// the pair is what its own start and end call.
  void take(const char* core) const {
    if (quit_ == nullptr || init_ == nullptr) return;
    const char* const variable = std::getenv(kVariable);
    const std::optional<std::string> before =
        variable == nullptr ? std::nullopt : std::optional<std::string>(variable);
    ::setenv(kVariable, core, /*overwrite=*/1);
    quit_();
    init_();
    before ? ::setenv(kVariable, before->c_str(), 1) : ::unsetenv(kVariable);
  }

 private:
  char* (*name_)();
  void (*quit_)();
  void (*init_)();
};

std::string slow(const std::string& core, VectorIsa kernels, VectorIsa cpu,
                 const std::string& reason) {
  return "BLAS computes with " + core + "'s kernels (" + name_of(kernels) +
         "), though this CPU has " + name_of(cpu) + ": training takes several times as long; " +
         reason;
}

std::string unknown_core(const std::string& wanted, const std::string& core) {
  return std::string(kVariable) + " = \"" + wanted +
         "\" in the environment is no core of OpenBLAS's that is known here (Haswell, Zen, "
         "SkylakeX, ...): BLAS computes with " +
         core + "'s kernels";
}

}  // namespace

const char* name_of(VectorIsa isa) {
  switch (isa) {
    case VectorIsa::avx512:
      return "AVX-512";
    case VectorIsa::avx2:
      return "AVX2";
    case VectorIsa::avx:
      return "AVX";
    case VectorIsa::sse:
      break;
  }
  return "SSE";
}

VectorIsa cpu_vector_isa() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return VectorIsa::avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return VectorIsa::avx2;
  if (__builtin_cpu_supports("avx")) return VectorIsa::avx;
#endif
  return VectorIsa::sse;
}

VectorIsa vector_isa_of_core(std::string_view core) {
  const Core* const known = find_core(core);
  return known == nullptr ? VectorIsa::avx512 : known->isa;
}

BlasKernels choose_blas_kernels(const std::function<void*(const char*)>& symbol, VectorIsa cpu) {
  const OpenBlas blas(symbol);
  if (!blas.is_there()) return {};
  BlasKernels kernels{.core = blas.core(), .instead = {}, .warning = {}};
  const auto is_old = [&] { return vector_isa_of_core(kernels.core) < cpu; };
  const char* const variable = std::getenv(kVariable);
  const std::string wanted = variable == nullptr ? "" : variable;
  const bool unknown =
      !wanted.empty() && find_core(wanted) == nullptr && !same_name(wanted, kernels.core);
  // OpenBLAS 0.3.21 takes Cooperlake's kernels for a name that it does not know, on any CPU.
  if (!is_old() && !(unknown && cpu != VectorIsa::sse)) {
    if (unknown) kernels.warning = unknown_core(wanted, kernels.core);
    return kernels;
  }
  if (!wanted.empty() && !unknown) {
    kernels.warning =
        slow(kernels.core, vector_isa_of_core(kernels.core), cpu,
             std::string(kVariable) + " = \"" + wanted +
                 "\" in the environment says so; without it they would be " + core_for(cpu) + "'s");
    return kernels;
  }
  const std::string before = kernels.core;
  blas.take(core_for(cpu));
  kernels.core = blas.core();
  if (kernels.core != before) kernels.instead = before;
  if (is_old()) {
    kernels.warning = slow(kernels.core, vector_isa_of_core(kernels.core), cpu,
                           "this OpenBLAS has none for it; install libopenblas0-openmp, or a "
                           "newer OpenBLAS");
  } else if (unknown) {
    kernels.warning = unknown_core(wanted, kernels.core);
  }
  return kernels;
}

const BlasKernels& blas_kernels() {
  static const BlasKernels kKernels = choose_blas_kernels(
      [](const char* name) { return ::dlsym(RTLD_DEFAULT, name); }, cpu_vector_isa());
  return kKernels;
}

}  // namespace lorafleet::model
