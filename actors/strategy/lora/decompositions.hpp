#pragma once

#include <Eigen/Core>
#include <memory>

namespace lorafleet::strategy {

// Eigen's decompositions, compiled once: each file that instantiates them takes a minute to build.

/// A = U diag(sigma) V^T with orthonormal columns in U: [rows, k] and V: [cols, k], k = min(rows,
/// cols), and sigma descending.
struct ThinSvd {
  Eigen::MatrixXd u;
  Eigen::VectorXd sigma;
  Eigen::MatrixXd v;
};

/// By divide and conquer.
ThinSvd thin_svd(const Eigen::MatrixXd& a);
/// Its sigma alone.
Eigen::VectorXd singular_values(const Eigen::MatrixXd& a);

/// A = Q R by Householder reflections.
class HouseholderQr {
 public:
  explicit HouseholderQr(const Eigen::MatrixXd& a);
  ~HouseholderQr();
  HouseholderQr(HouseholderQr&&) noexcept;

  /// Upper triangular: [min(rows, cols), cols].
  [[nodiscard]] Eigen::MatrixXd r() const;
  /// The first cols columns of Q: [rows, cols], for rows >= cols.
  [[nodiscard]] Eigen::MatrixXd thin_q() const;
  /// Q [x; 0].
  [[nodiscard]] Eigen::MatrixXd q_times(const Eigen::MatrixXd& x) const;

 private:
  struct Reflections;
  std::unique_ptr<Reflections> reflections_;
};

}  // namespace lorafleet::strategy
