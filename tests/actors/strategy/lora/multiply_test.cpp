#include "actors/strategy/lora/multiply.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "partition/support/random.hpp"
#include "tests/actors/strategy/lora/random_matrix.hpp"

using namespace lorafleet;
using Eigen::Index;
using Eigen::MatrixXd;

namespace {

/// Sums one element after the other in blocks of 256, as the fast way must on every CPU.
MatrixXd plain_product(const MatrixXd& a, const MatrixXd& b) {
  MatrixXd c = MatrixXd::Zero(a.rows(), b.cols());
  for (Index i = 0; i < a.rows(); ++i) {
    for (Index j = 0; j < b.cols(); ++j) {
      for (Index block = 0; block < a.cols(); block += 256) {
        double sum = 0.0;
        for (Index k = block; k < std::min(block + 256, a.cols()); ++k)
          sum += a(i, k) * b(k, j);
        c(i, j) += sum;
      }
    }
  }
  return c;
}

}  // namespace

TEST_CASE("products have the bits of the plain sum, whatever the CPU's vectors and the shapes") {
  Random random(7, Purpose::sample);
  for (int turn = 0; turn < 60; ++turn) {
    const auto side = [&](std::uint64_t most) { return static_cast<Index>(random.below(most)); };
    const Index rows = side(120);
    const Index depth = side(turn % 10 == 0 ? 600 : 40);
    const Index columns = side(turn % 15 == 0 ? 800 : 30);
    const MatrixXd a = tests::random_matrix(rows, depth, random);
    const MatrixXd b = tests::random_matrix(depth, columns, random);
    const MatrixXd c = plain_product(a, b);
    CHECK(strategy::times(a, b) == c);
    CHECK(strategy::transposed_times(a.transpose(), b) == c);
    CHECK(strategy::times_transposed(a, b.transpose()) == c);
  }
}

TEST_CASE("parts of larger matrices can be multiplied, and values that are not finite spread") {
  Random random(8, Purpose::sample);
  const MatrixXd large = tests::random_matrix(30, 40, random);
  const MatrixXd part = large.block(3, 5, 20, 10);
  CHECK(strategy::times(large.block(3, 5, 20, 10), large.topRows(10)) ==
        plain_product(part, large.topRows(10)));
  MatrixXd broken = part;
  broken(4, 2) = std::numeric_limits<double>::quiet_NaN();
  const MatrixXd result = strategy::times(broken, large.topRows(10));
  CHECK(result.row(4).array().isNaN().all());
  CHECK(result.topRows(4).allFinite());
}
