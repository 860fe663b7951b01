#include "actors/strategy/lora/low_rank.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "actors/strategy/lora/decompositions.hpp"
#include "actors/strategy/lora/krylov.hpp"
#include "actors/strategy/lora/multiply.hpp"

namespace lorafleet::strategy {
namespace {

using Eigen::Index;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A coefficient such as 1 - (sum of weights) below this share of the largest is a rounding error.
constexpr double kVanishing = 1e-13;
/// Cores up to this size get a full SVD: a Krylov space would not be faster.
constexpr Index kSmallCore = 96;

bool all_zero(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return v == 0.0f; });
}

std::vector<ProductTerm> merged(std::span<const ProductTerm> terms, std::size_t module) {
  std::vector<ProductTerm> distinct;
  double largest = 0.0;
  for (const ProductTerm& term : terms) {
    largest = std::max(largest, std::abs(term.factor));
    const auto same = std::find_if(distinct.begin(), distinct.end(), [&](const ProductTerm& other) {
      return other.adapter == term.adapter;
    });
    if (same == distinct.end()) {
      distinct.push_back(term);
    } else {
      same->factor += term.factor;
    }
  }
  std::erase_if(distinct, [&](const ProductTerm& term) {
    return std::abs(term.factor) <= kVanishing * largest || all_zero(term.adapter->b(module)) ||
           all_zero(term.adapter->a(module));
  });
  return distinct;
}

bool is_wide(const Stack& stack) {
  return stack.rank() >= std::min(stack.u.rows(), stack.vt.rows());
}

/// Its entries cost 2 m n r by a product; two decompositions 2 (m + n) r^2 at a twentieth of its
/// speed.
bool is_faster_dense(const Stack& stack) {
  const Index rows = stack.u.rows(), columns = stack.vt.rows();
  return is_wide(stack) || rows * columns < 20 * (rows + columns) * stack.rank();
}

/// A few rows at a time.
double dense_norm(const Stack& stack) {
  constexpr Index kRows = 96;
  double square = 0.0;
  for (Index first = 0; first < stack.u.rows(); first += kRows) {
    const Index count = std::min(kRows, stack.u.rows() - first);
    square += times_transposed(stack.u.middleRows(first, count), stack.vt).squaredNorm();
  }
  return std::sqrt(square);
}

double noise_of(const Stack& stack) {
  return 16.0 * std::numeric_limits<double>::epsilon() * stack.u.norm() * stack.vt.norm();
}

/// The k leading triplets of a dense core.
TopSvd core_svd(const Matrix& core, Index k) {
  if (core.rows() < core.cols()) {
    TopSvd turned = core_svd(core.transpose(), k);
    std::swap(turned.left, turned.right);
    return turned;
  }
  const Index size = core.cols();
  if (size > kSmallCore) {
    const Applied apply{[&](const Matrix& x) -> Matrix { return times(core, x); },
                        [&](const Matrix& x) -> Matrix { return transposed_times(core, x); }};
    if (auto found = leading_triplets(core.rows(), core.cols(), k, apply, size / 2)) {
      found->energy = core.squaredNorm();
      found->dropped = std::max(found->energy - found->sigma.squaredNorm(), 0.0);
      return *found;
    }
  }
  const Index kept = std::min(k, size);
  const bool is_tall = core.rows() > size;
  const std::optional<HouseholderQr> reduced =
      is_tall ? std::optional<HouseholderQr>(core) : std::nullopt;
  const ThinSvd full = thin_svd(is_tall ? reduced->r() : core);
  TopSvd svd;
  svd.left = full.u.leftCols(kept);
  if (is_tall) svd.left = reduced->q_times(svd.left);
  svd.sigma = full.sigma.head(kept);
  svd.right = full.v.leftCols(kept);
  svd.energy = full.sigma.squaredNorm();
  svd.dropped = full.sigma.tail(size - kept).squaredNorm();
  return svd;
}

void fix_signs(TopSvd& svd) {
  for (Index i = 0; i < svd.right.cols(); ++i) {
    Index largest = 0;
    for (Index j = 1; j < svd.right.rows(); ++j) {
      if (std::abs(svd.right(j, i)) > std::abs(svd.right(largest, i))) largest = j;
    }
    if (svd.right(largest, i) < 0.0) {
      svd.right.col(i) *= -1.0;
      svd.left.col(i) *= -1.0;
    }
  }
}

void pad(TopSvd& svd, Index k) {
  const Index had = svd.sigma.size();
  if (had >= k) return;
  svd.left.conservativeResize(Eigen::NoChange, k);
  svd.right.conservativeResize(Eigen::NoChange, k);
  svd.sigma.conservativeResize(k);
  svd.left.rightCols(k - had).setZero();
  svd.right.rightCols(k - had).setZero();
  svd.sigma.tail(k - had).setZero();
}

/// Straight from the factors, without a sum or a core; nothing where that does not converge.
std::optional<TopSvd> factored_svd(const Stack& stack, Index k) {
  const Applied apply{
      [&](const Matrix& x) -> Matrix { return times(stack.u, transposed_times(stack.vt, x)); },
      [&](const Matrix& x) -> Matrix { return times(stack.vt, transposed_times(stack.u, x)); }};
  const Index least = std::min(stack.u.rows(), stack.vt.rows());
  return leading_triplets(stack.u.rows(), stack.vt.rows(), k, apply,
                          std::min(stack.rank(), least) / 3);
}

}  // namespace

Stack stack_module(std::span<const ProductTerm> terms, std::size_t module) {
  const auto distinct = merged(terms, module);
  const model::LoraModule& shape = terms.front().adapter->layout->modules()[module];
  Index rank = 0;
  for (const ProductTerm& term : distinct)
    rank += term.adapter->layout->modules()[module].rank;
  Stack stack{Matrix(shape.out, rank), Matrix(shape.in, rank)};
  Index column = 0;
  for (const ProductTerm& term : distinct) {
    const model::LoraModule& own = term.adapter->layout->modules()[module];
    const Eigen::Map<const RowMajor> b(term.adapter->b(module).data(), own.out, own.rank);
    const Eigen::Map<const RowMajor> a(term.adapter->a(module).data(), own.rank, own.in);
    stack.u.middleCols(column, own.rank) = (term.factor * own.scale()) * b.cast<double>();
    stack.vt.middleCols(column, own.rank) = a.cast<double>().transpose();
    column += own.rank;
  }
  return stack;
}

TopSvd top_svd(const Stack& stack, Index k, bool want_energy) {
  TopSvd svd;
  if (stack.rank() == 0) {
    svd = {Matrix(stack.u.rows(), 0), Vector(0), Matrix(stack.vt.rows(), 0)};
    pad(svd, k);
    return svd;
  }
  std::optional<TopSvd> found;
  if (!want_energy && !is_wide(stack) && stack.rank() > 4 * kSmallCore) {
    found = factored_svd(stack, k);
  }
  if (found) {
    svd = std::move(*found);
  } else if (is_wide(stack)) {
    svd = core_svd(dense(stack), k);
  } else {
    const HouseholderQr u(stack.u);
    const HouseholderQr vt(stack.vt);
    svd = core_svd(times_transposed(u.r(), vt.r()), k);
    svd.left = u.q_times(svd.left);
    svd.right = vt.q_times(svd.right);
  }
  svd.noise = noise_of(stack);
  fix_signs(svd);
  pad(svd, k);
  return svd;
}

Vector singular_values(const Stack& stack) {
  if (stack.rank() == 0) return Vector(0);
  if (is_wide(stack)) return singular_values(dense(stack));
  const Matrix core = times_transposed(HouseholderQr(stack.u).r(), HouseholderQr(stack.vt).r());
  return singular_values(core);
}

double frobenius_norm(const Stack& stack) {
  if (stack.rank() == 0) return 0.0;
  if (is_faster_dense(stack)) return dense_norm(stack);
  return (times_transposed(HouseholderQr(stack.u).r(), HouseholderQr(stack.vt).r())).norm();
}

double inner_product(const Stack& s, const Stack& t) {
  if (s.rank() == 0 || t.rank() == 0) return 0.0;
  return transposed_times(s.u, t.u).cwiseProduct(transposed_times(s.vt, t.vt)).sum();
}

Matrix dense(const Stack& stack) {
  return times_transposed(stack.u, stack.vt);
}

double frobenius_norm(std::span<const ProductTerm> terms, std::size_t modules) {
  double sum = 0.0;
  for (std::size_t module = 0; module < modules; ++module) {
    const double norm = frobenius_norm(stack_module(terms, module));
    sum += norm * norm;
  }
  return std::sqrt(sum);
}

}  // namespace lorafleet::strategy
