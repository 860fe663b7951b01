#include "actors/strategy/lora/multiply.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <vector>

namespace lorafleet::strategy {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

// As in other fast products (Goto and van de Geijn 2008): blocks of A and B are copied into the
// order in which a small tile of C reads them, and the tile is held in registers.
constexpr Index kTileRows = 8;
constexpr Index kTileColumns = 6;
constexpr Index kDepth = 256;     ///< of a block, so that a strip of A and one of B stay in L1
constexpr Index kBlockRows = 96;  ///< of A: 192 KiB
constexpr Index kBlockColumns = 768;

/// Eight rows of a column; lowered to what the CPU has.
using Rows [[gnu::vector_size(8 * sizeof(double)), gnu::aligned(8)]] = double;

/// c[8, 6] = sum over `depth` of a[8] b[6]^T.
[[gnu::always_inline]] inline void tile_body(const double* a, const double* b, Index depth,
                                             double* c) {
  Rows sum[kTileColumns] = {};
  for (Index k = 0; k < depth; ++k) {
    Rows column;
    std::memcpy(&column, a + k * kTileRows, sizeof column);
    for (Index j = 0; j < kTileColumns; ++j)
      sum[j] += column * b[k * kTileColumns + j];
  }
  std::memcpy(c, sum, sizeof sum);
}

using Tile = void (*)(const double*, const double*, Index, double*);

void tile_any(const double* a, const double* b, Index depth, double* c) {
  tile_body(a, b, depth, c);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void tile_avx2(const double* a, const double* b, Index depth, double* c) {
  tile_body(a, b, depth, c);
}
[[gnu::target("avx512f")]] void tile_avx512(const double* a, const double* b, Index depth,
                                            double* c) {
  tile_body(a, b, depth, c);
}
Tile fastest_tile() {
  if (__builtin_cpu_supports("avx512f")) return tile_avx512;
  if (__builtin_cpu_supports("avx2")) return tile_avx2;
  return tile_any;
}
#else
Tile fastest_tile() {
  return tile_any;
}
#endif

/// A matrix as its elements lie in memory.
struct Layout {
  const double* data;
  Index down;    ///< from a row to the next
  Index across;  ///< from a column to the next
  [[nodiscard]] double at(Index row, Index column) const {
    return data[row * down + column * across];
  }
};

/// Strips of `width` rows (the last one filled up with zeros), each column after column.
void pack(const Layout& from, Index first, Index rows, Index first_column, Index columns,
          Index width, double* to) {
  for (Index strip = 0; strip < rows; strip += width) {
    const Index real = std::min(width, rows - strip);
    for (Index k = 0; k < columns; ++k) {
      for (Index i = 0; i < real; ++i)
        to[i] = from.at(first + strip + i, first_column + k);
      std::fill(to + real, to + width, 0.0);
      to += width;
    }
  }
}

Index rounded_up(Index value, Index step) {
  return (value + step - 1) / step * step;
}

/// A: [rows, depth], B: [depth, columns].
MatrixXd product(const Layout& a, const Layout& b, Index rows, Index depth, Index columns) {
  static const Tile kTile = fastest_tile();
  MatrixXd c = MatrixXd::Zero(rows, columns);
  const Index deep = std::min(depth, kDepth);
  std::vector<double> strips_a(
      static_cast<std::size_t>(rounded_up(std::min(rows, kBlockRows), kTileRows) * deep));
  std::vector<double> strips_b(
      static_cast<std::size_t>(rounded_up(std::min(columns, kBlockColumns), kTileColumns) * deep));
  const Layout b_turned{b.data, b.across, b.down};
  double result[kTileRows * kTileColumns];
  for (Index j0 = 0; j0 < columns; j0 += kBlockColumns) {
    const Index wide = std::min(kBlockColumns, columns - j0);
    for (Index k0 = 0; k0 < depth; k0 += kDepth) {
      const Index inner = std::min(kDepth, depth - k0);
      pack(b_turned, j0, wide, k0, inner, kTileColumns, strips_b.data());
      for (Index i0 = 0; i0 < rows; i0 += kBlockRows) {
        const Index high = std::min(kBlockRows, rows - i0);
        pack(a, i0, high, k0, inner, kTileRows, strips_a.data());
        for (Index j = 0; j < wide; j += kTileColumns) {
          for (Index i = 0; i < high; i += kTileRows) {
            kTile(strips_a.data() + i * inner, strips_b.data() + j * inner, inner, result);
            const Index last_i = std::min(kTileRows, high - i);
            const Index last_j = std::min(kTileColumns, wide - j);
            for (Index jj = 0; jj < last_j; ++jj) {
              double* target = &c(i0 + i, j0 + j + jj);
              for (Index ii = 0; ii < last_i; ++ii)
                target[ii] += result[jj * kTileRows + ii];
            }
          }
        }
      }
    }
  }
  return c;
}

Layout plain(const Eigen::Ref<const MatrixXd>& matrix) {
  return {matrix.data(), 1, matrix.outerStride()};
}
Layout turned(const Eigen::Ref<const MatrixXd>& matrix) {
  return {matrix.data(), matrix.outerStride(), 1};
}

}  // namespace

MatrixXd times(const Eigen::Ref<const MatrixXd>& a, const Eigen::Ref<const MatrixXd>& b) {
  assert(a.cols() == b.rows());
  return product(plain(a), plain(b), a.rows(), a.cols(), b.cols());
}

MatrixXd transposed_times(const Eigen::Ref<const MatrixXd>& a,
                          const Eigen::Ref<const MatrixXd>& b) {
  assert(a.rows() == b.rows());
  return product(turned(a), plain(b), a.cols(), a.rows(), b.cols());
}

MatrixXd times_transposed(const Eigen::Ref<const MatrixXd>& a,
                          const Eigen::Ref<const MatrixXd>& b) {
  assert(a.cols() == b.cols());
  return product(plain(a), turned(b), a.rows(), a.cols(), b.rows());
}

}  // namespace lorafleet::strategy
