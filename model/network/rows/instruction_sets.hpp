#pragma once

#include <cstdint>
#include <cstring>

namespace lorafleet::model {

// For kernels that are compiled once for each level of the instruction set. Internal to model/.

#if defined(__x86_64__) && defined(__GNUC__)
#define LORAFLEET_X86
#define LORAFLEET_AVX512 __attribute__((target("arch=x86-64-v4")))
#define LORAFLEET_AVX2 __attribute__((target("arch=x86-64-v3")))
#else
#define LORAFLEET_AVX512
#define LORAFLEET_AVX2
#endif

/// The version of a kernel that this CPU can run best.
template <typename Function>
Function best_of(Function avx512, Function avx2, Function plain) {
#ifdef LORAFLEET_X86
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi2")) {
    return avx2;
  }
#endif
  static_cast<void>(avx512);
  static_cast<void>(avx2);
  return plain;
}

// The same for functions without a choice of tiles. Sanitizers cannot run the resolvers.
#if defined(LORAFLEET_X86) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define LORAFLEET_EACH_ISA \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LORAFLEET_EACH_ISA
#endif

/// Sixteen floats that are computed with together, on every CPU: in one register or in several.
constexpr std::int64_t kLanes = 16;
using Lanes = float __attribute__((vector_size(64)));

/// As many floats in whole vectors.
constexpr std::int64_t whole_vectors(std::int64_t size) {
  return (size + kLanes - 1) / kLanes * kLanes;
}

[[gnu::always_inline]] inline void load(Lanes& lanes, const float* from) {
  std::memcpy(&lanes, from, sizeof lanes);
}

[[gnu::always_inline]] inline void store(float* to, const Lanes& lanes) {
  std::memcpy(to, &lanes, sizeof lanes);
}

/// The sum of kLanes partial sums, in one order on every CPU.
[[gnu::always_inline]] inline float add_lanes(const float* sums) {
  float half[kLanes / 2];
  for (std::int64_t l = 0; l < kLanes / 2; ++l) {
    half[l] = sums[l] + sums[l + kLanes / 2];
  }
  return ((half[0] + half[4]) + (half[1] + half[5])) + ((half[2] + half[6]) + (half[3] + half[7]));
}

}  // namespace lorafleet::model
