#pragma once

#include <Eigen/Core>

namespace lorafleet::strategy {

/// Products of matrices of double, with the widest vectors that this CPU has (Eigen's are built for
/// the least of all CPUs). Every CPU gives the same bits: each element is summed up in one order,
/// without fused operations. On one thread.
Eigen::MatrixXd times(const Eigen::Ref<const Eigen::MatrixXd>& a,
                      const Eigen::Ref<const Eigen::MatrixXd>& b);
/// A^T B.
Eigen::MatrixXd transposed_times(const Eigen::Ref<const Eigen::MatrixXd>& a,
                                 const Eigen::Ref<const Eigen::MatrixXd>& b);
/// A B^T.
Eigen::MatrixXd times_transposed(const Eigen::Ref<const Eigen::MatrixXd>& a,
                                 const Eigen::Ref<const Eigen::MatrixXd>& b);

}  // namespace lorafleet::strategy
