#include "model/network/rows/drop_entries.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "model/network/rows/instruction_sets.hpp"

#ifdef LORAFLEET_X86
#include <immintrin.h>
#endif

namespace lorafleet::model {
namespace {

constexpr std::uint64_t kMultiplier0 = 0xD2511F53;
constexpr std::uint64_t kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9;
constexpr std::uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

/// The state of `Lanes` generators: word w of lane l at [w][l].
template <std::int64_t Lanes>
struct Philox {
  std::uint32_t c[4][Lanes];

  [[gnu::always_inline]] inline void run(std::uint32_t key0, std::uint32_t key1) {
    for (int round = 0; round < kRounds; ++round) {
      for (std::int64_t l = 0; l < Lanes; ++l) {
        const std::uint64_t product0 = kMultiplier0 * c[0][l];
        const std::uint64_t product1 = kMultiplier1 * c[2][l];
        c[0][l] = static_cast<std::uint32_t>(product1 >> 32) ^ c[1][l] ^ key0;
        c[1][l] = static_cast<std::uint32_t>(product1);
        c[2][l] = static_cast<std::uint32_t>(product0 >> 32) ^ c[3][l] ^ key1;
        c[3][l] = static_cast<std::uint32_t>(product0);
      }
      key0 += kWeyl0;
      key1 += kWeyl1;
    }
  }
};

constexpr std::int64_t kEntries = 4 * kLanes;

[[gnu::always_inline]] inline void decide(float* values, std::int64_t count, std::uint32_t block,
                                          const DropSource& source, std::uint32_t keep_below,
                                          float scale) {
  Philox<kLanes> philox;
  for (std::int64_t l = 0; l < kLanes; ++l) {
    philox.c[0][l] = block + static_cast<std::uint32_t>(l);
    philox.c[1][l] = 0;
    philox.c[2][l] = static_cast<std::uint32_t>(source.counter);
    philox.c[3][l] = static_cast<std::uint32_t>(source.counter >> 32);
  }
  philox.run(static_cast<std::uint32_t>(source.key), static_cast<std::uint32_t>(source.key >> 32));
  if (count == kEntries) {
    for (std::int64_t w = 0; w < 4; ++w) {
      for (std::int64_t l = 0; l < kLanes; ++l) {
        values[w * kLanes + l] *= philox.c[w][l] < keep_below ? scale : 0.0f;
      }
    }
  } else {
    for (std::int64_t i = 0; i < count; ++i) {
      values[i] *= philox.c[i / kLanes][i % kLanes] < keep_below ? scale : 0.0f;
    }
  }
}

[[gnu::always_inline]] inline void drop_all(float* values, std::int64_t size,
                                            const DropSource& source, std::uint32_t keep_below,
                                            float scale) {
  std::uint32_t block = 0;
  for (std::int64_t first = 0; first < size; first += kEntries, block += kLanes) {
    decide(values + first, std::min(kEntries, size - first), block, source, keep_below, scale);
  }
}

#ifdef LORAFLEET_X86
struct Product {
  __m512i low;
  __m512i high;
};

/// Of sixteen words with one factor, which GCC does not find by itself: 0.3 ns an entry
/// against 1.4.
LORAFLEET_AVX512 inline Product product_of(__m512i words, __m512i factor) {
  constexpr __mmask16 kOdd = 0xAAAA;
  constexpr __mmask8 kAll = 0xff;  // without a mask, GCC 12 warns of its own header
  const __m512i even = _mm512_maskz_mul_epu32(kAll, words, factor);
  const __m512i odd =
      _mm512_maskz_mul_epu32(kAll, _mm512_maskz_srli_epi64(kAll, words, 32), factor);
  return {_mm512_mask_blend_epi32(kOdd, even, _mm512_maskz_slli_epi64(kAll, odd, 32)),
          _mm512_mask_blend_epi32(kOdd, _mm512_maskz_srli_epi64(kAll, even, 32), odd)};
}

LORAFLEET_AVX512 inline __m512i sixteen(std::uint64_t word) {
  return _mm512_set1_epi32(static_cast<int>(word));
}

LORAFLEET_AVX512 void wide_drop(float* values, std::int64_t size, const DropSource& source,
                                std::uint32_t keep_below, float scale) {
  const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const __m512i multiplier0 = sixteen(kMultiplier0), multiplier1 = sixteen(kMultiplier1);
  const __m512i weyl0 = sixteen(kWeyl0), weyl1 = sixteen(kWeyl1);
  const __m512i below = sixteen(keep_below);
  const __m512 factor = _mm512_set1_ps(scale);
  std::uint32_t block = 0;
  for (std::int64_t first = 0; first < size; first += kEntries, block += kLanes) {
    __m512i c[4] = {_mm512_add_epi32(sixteen(block), lanes), _mm512_setzero_si512(),
                    sixteen(source.counter), sixteen(source.counter >> 32)};
    __m512i key0 = sixteen(source.key), key1 = sixteen(source.key >> 32);
    for (int round = 0; round < kRounds; ++round) {
      const Product product0 = product_of(c[0], multiplier0);
      const Product product1 = product_of(c[2], multiplier1);
      c[0] = _mm512_xor_si512(_mm512_xor_si512(product1.high, c[1]), key0);
      c[1] = product1.low;
      c[2] = _mm512_xor_si512(_mm512_xor_si512(product0.high, c[3]), key1);
      c[3] = product0.low;
      key0 = _mm512_add_epi32(key0, weyl0);
      key1 = _mm512_add_epi32(key1, weyl1);
    }
    for (std::int64_t w = 0; w < 4; ++w) {
      const std::int64_t rest = size - first - w * kLanes;
      if (rest <= 0) break;
      const auto there = static_cast<__mmask16>(rest >= kLanes ? 0xffff : (1 << rest) - 1);
      float* own = values + first + w * kLanes;
      const __mmask16 kept = _mm512_mask_cmplt_epu32_mask(there, c[w], below);
      // A product with 0, not 0: an entry that is not finite stays one, and so does a sign.
      const __m512 by = _mm512_maskz_mov_ps(kept, factor);
      const __m512 value = _mm512_maskz_loadu_ps(there, own);
      _mm512_mask_storeu_ps(own, there, _mm512_mul_ps(value, by));
    }
  }
}

constexpr auto kWideDrop = wide_drop;
#else
constexpr auto kWideDrop = nullptr;
#endif

LORAFLEET_AVX2 void narrow_drop(float* values, std::int64_t size, const DropSource& source,
                                std::uint32_t keep_below, float scale) {
  drop_all(values, size, source, keep_below, scale);
}

void plain_drop(float* values, std::int64_t size, const DropSource& source,
                std::uint32_t keep_below, float scale) {
  drop_all(values, size, source, keep_below, scale);
}

}  // namespace

void drop_entries(std::span<float> values, const DropSource& source, double probability) {
  const double keep = 1.0 - probability;
  const auto keep_below = static_cast<std::uint64_t>(std::llround(keep * 0x1p32));
  if (keep_below >> 32 != 0) return;
  static const auto kChosen = best_of<decltype(&plain_drop)>(kWideDrop, narrow_drop, plain_drop);
  kChosen(values.data(), std::ssize(values), source, static_cast<std::uint32_t>(keep_below),
          static_cast<float>(1.0 / keep));
}

void philox4x32(const std::uint32_t counter[4], const std::uint32_t key[2], std::uint32_t out[4]) {
  Philox<1> philox;
  for (int w = 0; w < 4; ++w) {
    philox.c[w][0] = counter[w];
  }
  philox.run(key[0], key[1]);
  for (int w = 0; w < 4; ++w) {
    out[w] = philox.c[w][0];
  }
}

}  // namespace lorafleet::model
