#pragma once

#include <functional>
#include <optional>

#include "actors/strategy/lora/low_rank.hpp"

namespace lorafleet::strategy {

/// A matrix by what it does: x -> S x and y -> S^T y, for blocks of columns.
struct Applied {
  std::function<Matrix(const Matrix&)> times;
  std::function<Matrix(const Matrix&)> transposed_times;
};

/// The k leading singular triplets of S: [rows, cols] from a block Krylov space (Golub, Luk and
/// Overton 1981) of k + 8 columns a block, grown with full reorthogonalisation until the residuals
/// r_i = S^T u_i - sigma_i v_i (S v_i = sigma_i u_i holds exactly) satisfy
///     sqrt(sum_i |r_i|^2) <= 1e-11 sqrt(sum_i sigma_i^2).
/// Then the energy that the triplets miss is below 1e-10 of the k best ones' in the worst case, and
/// of the order of the residuals' squares where sigma_k > sigma_{k+1}. Blocks of at least k columns
/// find singular values that occur up to k times. The first block is drawn with a fixed key.
/// Nothing where that takes a space of more than `limit` dimensions: then S is better decomposed in
/// full. Eigen decomposes only matrices that are there in full: a module of opt-125m's shape,
/// folded from ten clients that trained, takes 56 times as long that way in float64, of opt-1.3b's
/// 611 times (bench_lora_fold, "like training", a Xeon with AVX-512).
std::optional<TopSvd> leading_triplets(Eigen::Index rows, Eigen::Index cols, Eigen::Index k,
                                       const Applied& s, Eigen::Index limit);

}  // namespace lorafleet::strategy
