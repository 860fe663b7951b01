#include "model/network/rows/small_product.hpp"

#include <cstring>

#include "model/network/rows/instruction_sets.hpp"

namespace lorafleet::model {
namespace {

/// Computes `Rows` rows of c over `Vectors` vectors of columns.
template <int Rows, int Vectors>
[[gnu::always_inline]] inline void tile(std::int64_t k, const Scattered& a, const float* b,
                                        std::int64_t b_stride, float* c, std::int64_t c_stride,
                                        bool accumulate) {
  Lanes sums[Rows][Vectors];
  for (int i = 0; i < Rows; ++i) {
    for (int v = 0; v < Vectors; ++v) {
      sums[i][v] = Lanes{};
      if (accumulate) load(sums[i][v], c + i * c_stride + v * kLanes);
    }
  }
  for (std::int64_t j = 0; j < k; ++j) {
    Lanes row[Vectors];
    for (int v = 0; v < Vectors; ++v) {
      load(row[v], b + j * b_stride + v * kLanes);
    }
    for (int i = 0; i < Rows; ++i) {
      const float own = a.data[i * a.row + j * a.column];
      for (int v = 0; v < Vectors; ++v) {
        sums[i][v] += own * row[v];
      }
    }
  }
  for (int i = 0; i < Rows; ++i) {
    for (int v = 0; v < Vectors; ++v) {
      store(c + i * c_stride + v * kLanes, sums[i][v]);
    }
  }
}

/// The last columns, fewer than a vector. Where `Fused`, each lane says that product and sum are
/// rounded once, as they are in tile: GCC 13 does not fuse them here by itself.
template <bool Fused>
[[gnu::always_inline]] inline void edge(std::int64_t m, std::int64_t n, std::int64_t k,
                                        const Scattered& a, const float* b, std::int64_t b_stride,
                                        float* c, std::int64_t c_stride, bool accumulate) {
  const auto bytes = static_cast<std::size_t>(n) * sizeof(float);
  for (std::int64_t i = 0; i < m; ++i) {
    Lanes sum{};
    if (accumulate) std::memcpy(&sum, c + i * c_stride, bytes);
    for (std::int64_t j = 0; j < k; ++j) {
      Lanes row{};
      std::memcpy(&row, b + j * b_stride, bytes);
      const float own = a.data[i * a.row + j * a.column];
      if constexpr (Fused) {
        for (std::int64_t lane = 0; lane < kLanes; ++lane)
          sum[lane] = __builtin_fmaf(own, row[lane], sum[lane]);
      } else {
        sum += own * row;
      }
    }
    std::memcpy(c + i * c_stride, &sum, bytes);
  }
}

template <bool Fused, int Rows>
[[gnu::always_inline]] inline void rows_of(std::int64_t n, std::int64_t k, const Scattered& a,
                                           const ConstRows& b, const MutableRows& c,
                                           bool accumulate) {
  std::int64_t j = 0;
  for (; j + 2 * kLanes <= n; j += 2 * kLanes) {
    tile<Rows, 2>(k, a, b.data + j, b.stride, c.data + j, c.stride, accumulate);
  }
  if (j + kLanes <= n) {
    tile<Rows, 1>(k, a, b.data + j, b.stride, c.data + j, c.stride, accumulate);
    j += kLanes;
  }
  if (j < n) {
    edge<Fused>(Rows, n - j, k, a, b.data + j, b.stride, c.data + j, c.stride, accumulate);
  }
}

template <bool Fused, int Most>
[[gnu::always_inline]] inline void all_rows(std::int64_t m, std::int64_t n, std::int64_t k,
                                            const Scattered& a, const ConstRows& b,
                                            const MutableRows& c, bool accumulate) {
  std::int64_t i = 0;
  const auto from = [&](std::int64_t row) {
    return Scattered{a.data + row * a.row, a.row, a.column};
  };
  const auto into = [&](std::int64_t row) {
    return MutableRows{c.data + row * c.stride, c.stride};
  };
  for (; i + Most <= m; i += Most) {
    rows_of<Fused, Most>(n, k, from(i), b, into(i), accumulate);
  }
  if constexpr (Most > 4) {
    for (; i + 4 <= m; i += 4) {
      rows_of<Fused, 4>(n, k, from(i), b, into(i), accumulate);
    }
  }
  for (; i < m; ++i) {
    rows_of<Fused, 1>(n, k, from(i), b, into(i), accumulate);
  }
}

// 32 registers of 64 bytes hold a taller tile than 16 of 32.
LORAFLEET_AVX512 void wide_product(std::int64_t m, std::int64_t n, std::int64_t k,
                                   const Scattered& a, const ConstRows& b, const MutableRows& c,
                                   bool accumulate) {
  all_rows<true, 8>(m, n, k, a, b, c, accumulate);
}

LORAFLEET_AVX2 void narrow_product(std::int64_t m, std::int64_t n, std::int64_t k,
                                   const Scattered& a, const ConstRows& b, const MutableRows& c,
                                   bool accumulate) {
  all_rows<true, 4>(m, n, k, a, b, c, accumulate);
}

void plain_product(std::int64_t m, std::int64_t n, std::int64_t k, const Scattered& a,
                   const ConstRows& b, const MutableRows& c, bool accumulate) {
  all_rows<false, 4>(m, n, k, a, b, c, accumulate);
}

}  // namespace

void small_product(std::int64_t m, std::int64_t n, std::int64_t k, Scattered a, ConstRows b,
                   MutableRows c, bool accumulate) {
  static const auto kChosen = best_of(wide_product, narrow_product, plain_product);
  kChosen(m, n, k, a, b, c, accumulate);
}

}  // namespace lorafleet::model
