#include "actors/strategy/lora/krylov.hpp"

#include <cmath>

#include "actors/strategy/lora/decompositions.hpp"
#include "actors/strategy/lora/multiply.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::strategy {
namespace {

using Eigen::Index;

constexpr double kTolerance = 1e-11;
constexpr Index kOversampling = 8;

/// A block split along a basis and beside it: block = basis * inside + fresh * outside.
struct Projection {
  Matrix inside;
  Matrix fresh;  ///< orthonormal, and orthogonal to the basis
  Matrix outside;
};

std::optional<Projection> split(const Matrix& block, const Eigen::Ref<const Matrix>& basis) {
  Projection result{Matrix::Zero(basis.cols(), block.cols()), block,
                    Matrix::Identity(block.cols(), block.cols())};
  // Twice is enough for full rank; the directions that fill up a deficient block need another turn.
  for (int turn = 0; turn < 5; ++turn) {
    const Matrix along = transposed_times(basis, result.fresh);
    if (turn > 1 && along.cwiseAbs().sum() < 1e-12) return result;
    result.inside += along * result.outside;
    result.fresh -= times(basis, along);
    const HouseholderQr qr(result.fresh);
    result.outside = qr.r() * result.outside;
    result.fresh = qr.thin_q();
  }
  return std::nullopt;
}

Matrix random_block(Index rows, Index cols) {
  Random random(0, Purpose::sketch);
  Matrix block(rows, cols);
  for (Index j = 0; j < cols; ++j) {
    for (Index i = 0; i < rows; ++i)
      block(i, j) = random.uniform(-1.0, 1.0);
  }
  return HouseholderQr(block).thin_q();
}

}  // namespace

std::optional<TopSvd> leading_triplets(Index rows, Index cols, Index k, const Applied& s,
                                       Index limit) {
  const Index width = k + kOversampling;
  const Index most = std::min(limit, std::min(rows, cols)) / width;
  if (most < 3) return std::nullopt;
  Matrix u(rows, most * width);
  Matrix v(cols, most * width);
  Matrix projected = Matrix::Zero(most * width, most * width);  // U^T S V, and S V = U U^T S V
  v.leftCols(width) = random_block(cols, width);

  double last_residual = 0.0;
  for (Index step = 0; step < most; ++step) {
    const Index done = step * width;
    const Index size = done + width;
    const auto image = split(s.times(v.middleCols(done, width)), u.leftCols(done));
    if (!image) return std::nullopt;
    u.middleCols(done, width) = image->fresh;
    projected.block(0, done, done, width) = image->inside;
    projected.block(done, done, width, width) = image->outside;
    const auto back = split(s.transposed_times(u.middleCols(done, width)), v.leftCols(size));
    if (!back) return std::nullopt;

    if (step % 2 == 1 || step + 1 == most) {
      const ThinSvd small = thin_svd(projected.topLeftCorner(size, size));
      const Vector sigma = small.sigma.head(k);
      const double residual =
          (back->outside * small.u.block(done, 0, width, k)).norm() / sigma.norm();
      if (!(residual > kTolerance)) {  // 0/0 where S = 0
        return TopSvd{times(u.leftCols(size), small.u.leftCols(k)), sigma,
                      times(v.leftCols(size), small.v.leftCols(k))};
      }
      if (step > 2) {
        const double rate = std::log(residual / last_residual) / 2.0;  // a step, below 0
        const double more = std::log(kTolerance / residual) / rate;
        // Convergence speeds up as the space grows: so give up only on what is clearly too slow.
        if (rate >= 0.0 || more > 2.0 * static_cast<double>(most - step)) return std::nullopt;
      }
      last_residual = residual;
    }
    if (step + 1 < most) v.middleCols(size, width) = back->fresh;
  }
  return std::nullopt;
}

}  // namespace lorafleet::strategy
