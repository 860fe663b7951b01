#pragma once

#include <cstdint>
#include <vector>

#include "model/network/rows/small_product.hpp"

namespace lorafleet::model {

/// The factors of one linear layer, laid out for small products on the CPU. All matrices are
/// float32 and row-major, the factors' own contiguous; `low` and `grad_low` are [rows, columns()],
/// contiguous. A term of rank 8 takes 0.65 to 0.78 of OpenBLAS's time (bench_row_kernels, one core
/// of an EPYC with AVX-512). Internal to model/.
class LoraProducts {
 public:
  /// a: [rank, in], b: [out, rank]; both must outlive this.
  LoraProducts(const float* a, const float* b, std::int64_t rank, std::int64_t in, std::int64_t out,
               double scale);

  /// The rank, rounded up to whole vectors.
  [[nodiscard]] std::int64_t columns() const { return columns_; }

  /// low = x A^T; x: [rows, in].
  void narrow(const ConstRows& x, std::int64_t rows, float* low) const;
  /// y += scale low B^T; y: [rows, out].
  void widen(const float* low, std::int64_t rows, const MutableRows& y) const;

  /// grad_low = scale g B; g: [rows, out].
  void narrow_gradient(const ConstRows& g, std::int64_t rows, float* grad_low) const;
  /// grad_x += grad_low A: [rows, in].
  void widen_gradient(const float* grad_low, std::int64_t rows, const MutableRows& grad_x) const;
  /// grad_a = grad_low^T x: [rank, in].
  void factor_a(const float* grad_low, const ConstRows& x, std::int64_t rows, float* grad_a) const;
  /// grad_b = scale g^T low: [out, rank].
  void factor_b(const ConstRows& g, const float* low, std::int64_t rows, float* grad_b) const;

 private:
  const float* a_;
  std::int64_t rank_;
  std::int64_t in_;
  std::int64_t out_;
  std::int64_t columns_;
  float scale_;
  std::vector<float> a_transposed_;  ///< [in, columns], zeros behind the rank
  std::vector<float> b_transposed_;  ///< scale B^T: [rank, out]
  std::vector<float> b_;             ///< scale B: [out, columns], zeros behind the rank
};

}  // namespace lorafleet::model
