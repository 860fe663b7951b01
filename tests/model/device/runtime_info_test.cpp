#include "model/device/runtime_info.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace lorafleet::model;

namespace {

using Lines = std::vector<std::string>;

Lines old_kernel_warnings(const std::string& libtorch, std::optional<int> onednn, VectorIsa cpu,
                          const std::map<std::string, std::string>& environment = {}) {
  return old_kernels(libtorch, onednn, cpu, [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

}  // namespace

TEST_CASE("kernels of LibTorch and oneDNN that fit the CPU are no warning") {
  CHECK(old_kernel_warnings("AVX512", 0x3e7, VectorIsa::avx512).empty());
  CHECK(old_kernel_warnings("AVX2", 0x27, VectorIsa::avx512).empty());
  CHECK(old_kernel_warnings("AVX2", 0x0f, VectorIsa::avx2).empty());
  CHECK(old_kernel_warnings("NO AVX", 0x03, VectorIsa::avx).empty());
  CHECK(old_kernel_warnings("DEFAULT", 0x01, VectorIsa::sse).empty());
  CHECK(old_kernel_warnings("unknown", std::nullopt, VectorIsa::avx512).empty());
}

TEST_CASE("kernels of LibTorch and oneDNN that are older than the CPU are named, and why") {
  for (const std::string isa : {"NO AVX", "DEFAULT"}) {
    CHECK(
        old_kernel_warnings(isa, std::nullopt, VectorIsa::avx2,
                            {{"ATEN_CPU_CAPABILITY", "default"}}) ==
        Lines{"LibTorch computes without AVX2, though this CPU has AVX2: what is no matrix product "
              "takes several times as long; ATEN_CPU_CAPABILITY = \"default\" in the environment "
              "says so"});
  }
  CHECK(old_kernel_warnings("AVX2", 0x01, VectorIsa::avx512, {{"DNNL_MAX_CPU_ISA", "SSE41"}}) ==
        Lines{"oneDNN computes with SSE, though this CPU has AVX-512: its products take several "
              "times as long; DNNL_MAX_CPU_ISA = \"SSE41\" in the environment says so"});
  CHECK(old_kernel_warnings("NO AVX", 0x07, VectorIsa::avx512) ==
        Lines{"LibTorch computes without AVX2, though this CPU has AVX-512: what is no matrix "
              "product takes several times as long",
              "oneDNN computes with AVX2, though this CPU has AVX-512: its products take several "
              "times as long"});
}
