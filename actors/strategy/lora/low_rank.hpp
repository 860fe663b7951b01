#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <vector>

#include "actors/strategy/lora/product_term.hpp"

// Sums of low-rank products in factored form. Internal to actors/strategy: the only headers with
// Eigen are this one and krylov.hpp.

namespace lorafleet::strategy {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// S = sum_i c_i B_i A_i of one module as two stacked factors: S = U Vt^T with
/// U = [c_1 B_1, c_2 B_2, ...]: [out, R] and Vt = [A_1^T, A_2^T, ...]: [in, R], R the sum of the
/// ranks. Terms of one adapter are merged, terms that vanish left out.
struct Stack {
  Matrix u;
  Matrix vt;
  [[nodiscard]] Eigen::Index rank() const { return u.cols(); }
};

Stack stack_module(std::span<const ProductTerm> terms, std::size_t module);

/// The k largest singular triplets of S.
struct TopSvd {
  Matrix left;   ///< [out, k]
  Vector sigma;  ///< falling
  Matrix right;  ///< [in, k]; the largest entry (by magnitude, the first of equals) is positive
  double energy = 0.0;   ///< |S|_F^2; 0 where it was not wanted and would have cost
  double dropped = 0.0;  ///< the part of `energy` beyond the k; from a Krylov space as a difference
  double noise = 0.0;    ///< singular values up to it are rounding errors of the sum
};

/// k may exceed the rank of S (the rest is 0), not its sides. Columns of `left` and `right` that
/// belong to a singular value of 0 are some orthonormal ones or 0.
///
/// Exact to rounding errors of double, of the size of |U|_F |Vt|_F:
///  - R < min(in, out): QR of U and of Vt, SVD of the core [R, R]: O((in + out) R^2 + R^3).
///  - else the stack is wider than the matrix: it is summed up as [out, in] (in * out < R * max(in,
///    out): no more than the stack itself holds), which loses nothing, and the SVD is of that.
/// Where k is small beside the core, its k leading triplets come from a block Krylov space in place
/// of a full SVD (krylov.hpp), with the same accuracy; for long stacks without the energy straight
/// from U and Vt.
TopSvd top_svd(const Stack& stack, Eigen::Index k, bool want_energy = true);

/// All min(R, in, out) singular values of S, falling.
Vector singular_values(const Stack& stack);
/// |S|_F, without the cancellation that Gram matrices would bring.
double frobenius_norm(const Stack& stack);
/// <S, T> of two sums of one shape: O((in + out) R_S R_T).
double inner_product(const Stack& s, const Stack& t);
/// S as [out, in].
Matrix dense(const Stack& stack);

/// |sum of the terms|_F over all modules.
double frobenius_norm(std::span<const ProductTerm> terms, std::size_t modules);

}  // namespace lorafleet::strategy
