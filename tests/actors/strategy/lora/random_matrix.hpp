#pragma once

#include <Eigen/Dense>

#include "partition/support/random.hpp"

namespace lorafleet::tests {

/// [rows, cols] of standard normal entries.
inline Eigen::MatrixXd random_matrix(Eigen::Index rows, Eigen::Index cols, Random& random) {
  Eigen::MatrixXd matrix(rows, cols);
  for (double& value : matrix.reshaped())
    value = random.normal();
  return matrix;
}

}  // namespace lorafleet::tests
