#include "model/device/blas_kernels.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <tuple>

#include "model/device/runtime_info.hpp"

using namespace lorafleet::model;

namespace {

/// An OpenBLAS that takes every CPU for `by_itself`, and knows the cores up to `newest`.
struct FakeBlas {
  std::string core;
  std::string by_itself;
  VectorIsa newest = VectorIsa::avx512;
  int inits = 0;
};
FakeBlas fake;

void init() {
  ++fake.inits;
  const char* const wanted = std::getenv("OPENBLAS_CORETYPE");
  fake.core =
      wanted != nullptr && vector_isa_of_core(wanted) <= fake.newest ? wanted : fake.by_itself;
}

void* symbol(const char* name) {
  if (std::strcmp(name, "openblas_get_corename") == 0) {
    return reinterpret_cast<void*>(+[]() { return fake.core.data(); });
  }
  if (std::strcmp(name, "gotoblas_dynamic_quit") == 0) {
    return reinterpret_cast<void*>(+[]() { fake.core = "none"; });
  }
  if (std::strcmp(name, "gotoblas_dynamic_init") == 0) return reinterpret_cast<void*>(init);
  return nullptr;
}

void* symbol_of_one_cpu(const char* name) {
  return std::strncmp(name, "gotoblas", 8) == 0 ? nullptr : symbol(name);
}

/// OPENBLAS_CORETYPE for the length of a test; nullptr: not set.
class CoreType {
 public:
  explicit CoreType(const char* value) {
    if (const char* const before = std::getenv(kName)) before_ = before;
    value == nullptr ? ::unsetenv(kName) : ::setenv(kName, value, 1);
  }
  ~CoreType() { before_.empty() ? ::unsetenv(kName) : ::setenv(kName, before_.c_str(), 1); }
  CoreType(const CoreType&) = delete;
  CoreType& operator=(const CoreType&) = delete;

 private:
  static constexpr const char* kName = "OPENBLAS_CORETYPE";
  std::string before_;
};

}  // namespace

TEST_CASE("kernels older than the CPU give way to those of its generation") {
  const CoreType unset(nullptr);
  struct Case {
    const char* by_itself;
    VectorIsa cpu;
    const char* chosen;
  };
  for (const Case& c :
       {Case{"Prescott", VectorIsa::avx512, "SkylakeX"},
        Case{"Haswell", VectorIsa::avx512, "SkylakeX"}, Case{"Zen", VectorIsa::avx512, "SkylakeX"},
        Case{"Nehalem", VectorIsa::avx2, "Haswell"},
        Case{"Barcelona", VectorIsa::avx, "Sandybridge"}}) {
    CAPTURE(c.by_itself);
    fake = {.core = c.by_itself, .by_itself = c.by_itself};
    const auto kernels = choose_blas_kernels(symbol, c.cpu);
    CHECK(kernels.core == c.chosen);
    CHECK(kernels.instead == c.by_itself);
    CHECK(kernels.warning.empty());
    CHECK(fake.inits == 1);
    CHECK(std::getenv("OPENBLAS_CORETYPE") == nullptr);
  }
}

TEST_CASE("kernels that fit the CPU stay, also those of a core that came later") {
  const CoreType unset(nullptr);
  for (const char* core : {"SkylakeX", "Cooperlake", "SapphireRapids", "Zen7"}) {
    fake = {.core = core, .by_itself = core};
    CHECK(choose_blas_kernels(symbol, VectorIsa::avx512).core == core);
  }
  for (const char* core : {"Haswell", "Zen", "SkylakeX", "haswell"}) {
    fake = {.core = core, .by_itself = core};
    const auto kernels = choose_blas_kernels(symbol, VectorIsa::avx2);
    CHECK(kernels.core == core);
    CHECK(kernels.instead.empty());
  }
  CHECK(fake.inits == 0);
}

TEST_CASE("kernels that the user chose stay, with a warning where they are old") {
  const CoreType haswell("Haswell");
  fake = {.core = "Haswell", .by_itself = "SkylakeX"};
  CHECK(choose_blas_kernels(symbol, VectorIsa::avx2).warning.empty());
  const auto kernels = choose_blas_kernels(symbol, VectorIsa::avx512);
  CHECK(kernels.core == "Haswell");
  CHECK(
      kernels.warning ==
      "BLAS computes with Haswell's kernels (AVX2), though this CPU has AVX-512: training takes "
      "several times as long; OPENBLAS_CORETYPE = \"Haswell\" in the environment says so; without "
      "it they would be SkylakeX's");
  CHECK(fake.inits == 0);
}

TEST_CASE("a name that is no core's is passed over, with a warning") {
  const CoreType nonsense("nonsense");
  const auto warning = [](const std::string& core) {
    return "OPENBLAS_CORETYPE = \"nonsense\" in the environment is no core of OpenBLAS's that is "
           "known here (Haswell, Zen, SkylakeX, ...): BLAS computes with " +
           core + "'s kernels";
  };
  for (const auto& [by_itself, cpu, chosen] :
       {std::tuple{"Prescott", VectorIsa::avx512, "SkylakeX"},
        std::tuple{"Cooperlake", VectorIsa::avx2, "Haswell"},
        std::tuple{"NEOVERSEN1", VectorIsa::sse, "NEOVERSEN1"}}) {
    fake = {.core = by_itself, .by_itself = by_itself};
    const auto kernels = choose_blas_kernels(symbol, cpu);
    CHECK(kernels.core == chosen);
    CHECK(kernels.warning == warning(chosen));
    CHECK(std::getenv("OPENBLAS_CORETYPE") == std::string("nonsense"));
  }
  const CoreType later("Zen7");  // which this OpenBLAS knows, and took
  fake = {.core = "Zen7", .by_itself = "SkylakeX"};
  CHECK(choose_blas_kernels(symbol, VectorIsa::avx512).warning.empty());
}

TEST_CASE("a BLAS that cannot do better is warned of") {
  const CoreType unset(nullptr);
  const std::string prescott =
      "BLAS computes with Prescott's kernels (SSE), though this CPU has AVX-512: training takes "
      "several times as long; this OpenBLAS has none for it; install libopenblas0-openmp, or a "
      "newer OpenBLAS";
  fake = {.core = "Prescott", .by_itself = "Prescott"};
  CHECK(choose_blas_kernels(symbol_of_one_cpu, VectorIsa::avx512).warning == prescott);
  fake.newest = VectorIsa::sse;
  CHECK(choose_blas_kernels(symbol, VectorIsa::avx512).warning == prescott);
  const auto other =
      choose_blas_kernels([](const char*) -> void* { return nullptr; }, VectorIsa::avx512);
  CHECK(other.core.empty());
  CHECK(other.warning.empty());
}

TEST_CASE("the kernels of this process are those of its CPU") {
  for (const char* choice : {"OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA"}) {
    if (std::getenv(choice) != nullptr) return;  // then they are the user's choice
  }
  CHECK(runtime_warnings() == std::vector<std::string>{});
  const auto& kernels = blas_kernels();
  if (!kernels.core.empty()) CHECK(vector_isa_of_core(kernels.core) >= cpu_vector_isa());
}
