#include "actors/strategy/lora/low_rank.hpp"

#include <doctest/doctest.h>

#include "actors/strategy/lora/krylov.hpp"
#include "tests/actors/strategy/lora/lora_oracle.hpp"
#include "tests/actors/strategy/lora/random_matrix.hpp"

using namespace lorafleet;
using namespace lorafleet::strategy;
using namespace lorafleet::tests;

namespace {

/// Of rank R, with singular values that fall by `fall` each.
Stack falling_stack(Eigen::Index out, Eigen::Index in, Eigen::Index rank, double fall,
                    Random& random) {
  Stack stack{tests::random_matrix(out, rank, random), tests::random_matrix(in, rank, random)};
  for (Eigen::Index i = 0; i < rank; ++i)
    stack.u.col(i) *= std::pow(fall, static_cast<double>(i));
  return stack;
}

void check_top(const Stack& stack, Eigen::Index k, bool want_energy) {
  const Matrix whole = dense(stack);
  const Eigen::JacobiSVD<Matrix> full(whole, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const TopSvd top = top_svd(stack, k, want_energy);
  const double size = full.singularValues().norm();
  REQUIRE(top.sigma.size() == k);
  for (Eigen::Index i = 0; i < k; ++i) {
    const double exact = i < full.singularValues().size() ? full.singularValues()[i] : 0.0;
    CHECK(std::abs(top.sigma[i] - exact) < 1e-12 * size);
  }
  if (want_energy) CHECK(top.energy == doctest::Approx(size * size).epsilon(1e-12));
  const Matrix mine = top.left * top.sigma.asDiagonal() * top.right.transpose();
  const double best = full.singularValues()
                          .tail(std::max<Eigen::Index>(full.singularValues().size() - k, 0))
                          .norm();
  CHECK((whole - mine).norm() < best + 1e-10 * size);
}

}  // namespace

TEST_CASE("each way to the leading triplets agrees with Jacobi rotations of the dense matrix") {
  Random random(2, Purpose::sample);
  SUBCASE("narrow stack, small core") {
    check_top(falling_stack(60, 40, 12, 0.8, random), 5, true);
  }
  SUBCASE("more wanted than there is") {
    check_top(falling_stack(9, 7, 3, 0.8, random), 6, true);
  }
  SUBCASE("narrow stack, Krylov in the core") {
    check_top(falling_stack(260, 220, 150, 0.9, random), 8, true);
  }
  SUBCASE("narrow stack, flat spectrum") {
    check_top(falling_stack(200, 180, 130, 1.0, random), 8, true);
  }
  SUBCASE("wide stack, tall matrix") {
    check_top(falling_stack(70, 20, 90, 0.98, random), 7, true);
  }
  SUBCASE("wide stack, flat matrix") {
    check_top(falling_stack(20, 70, 90, 0.98, random), 7, true);
  }
  SUBCASE("wide stack, Krylov in the sum") {
    check_top(falling_stack(150, 200, 400, 0.95, random), 6, true);
  }
  SUBCASE("long stack, Krylov in the factors") {
    check_top(falling_stack(450, 430, 400, 0.9, random), 6, false);
  }
}

TEST_CASE("singular values that occur as often as there are triplets are all found") {
  Random random(3, Purpose::sample);
  // 8 of 3, then 100 of 1.
  const Eigen::HouseholderQR<Matrix> left(tests::random_matrix(160, 108, random));
  const Eigen::HouseholderQR<Matrix> right(tests::random_matrix(170, 108, random));
  Stack stack{left.householderQ() * Matrix::Identity(160, 108),
              right.householderQ() * Matrix::Identity(170, 108)};
  stack.u.leftCols(8) *= 3.0;
  const TopSvd top = top_svd(stack, 8);
  for (const double sigma : top.sigma)
    CHECK(sigma == doctest::Approx(3.0).epsilon(1e-12));
  CHECK((top.left.transpose() * top.left - Matrix::Identity(8, 8)).norm() < 1e-12);
  CHECK((top.right.transpose() * top.right - Matrix::Identity(8, 8)).norm() < 1e-12);
}

TEST_CASE("a space that cannot converge within its limit gives nothing") {
  Random random(3, Purpose::sample);
  const Matrix flat = tests::random_matrix(120, 120, random);
  const Applied apply{[&](const Matrix& x) -> Matrix { return flat * x; },
                      [&](const Matrix& x) -> Matrix { return flat.transpose() * x; }};
  CHECK(!leading_triplets(120, 120, 4, apply, 40));
  CHECK(!leading_triplets(120, 120, 100, apply, 120));
  const Matrix low = tests::random_matrix(120, 4, random) * tests::random_matrix(4, 120, random);
  const Applied exact{[&](const Matrix& x) -> Matrix { return low * x; },
                      [&](const Matrix& x) -> Matrix { return low.transpose() * x; }};
  const auto found = leading_triplets(120, 120, 4, exact, 60);
  REQUIRE(found);
  CHECK((found->left * found->sigma.asDiagonal() * found->right.transpose() - low).norm() <
        1e-11 * low.norm());
}

TEST_CASE("norms and inner products are those of the dense matrices") {
  Random random(5, Purpose::sample);
  for (const Eigen::Index rank : {3, 30, 60}) {
    const Stack s = falling_stack(25, 40, rank, 0.9, random);
    const Stack t = falling_stack(25, 40, 4, 0.9, random);
    CHECK(frobenius_norm(s) == doctest::Approx(dense(s).norm()).epsilon(1e-12));
    CHECK(inner_product(s, t) ==
          doctest::Approx(dense(s).cwiseProduct(dense(t)).sum()).epsilon(1e-10));
    CHECK(singular_values(s).norm() == doctest::Approx(dense(s).norm()).epsilon(1e-12));
  }
}

TEST_CASE("norms of larger products are the same, from factors or from entries") {
  Random random(6, Purpose::sample);
  for (const Eigen::Index rank : {2, 30}) {
    const Stack s = falling_stack(200, 300, rank, 0.9, random);
    CHECK(frobenius_norm(s) == doctest::Approx(dense(s).norm()).epsilon(1e-12));
  }
}

TEST_CASE("terms of one adapter are merged, and those that cancel vanish") {
  Random random(5, Purpose::sample);
  const auto layout = layout_of({{12, 10}}, 3);
  const auto a = random_factors(layout, random);
  const auto b = random_factors(layout, random);
  const std::vector<ProductTerm> terms{
      {0.5, a.get()}, {1.0, b.get()}, {0.25, a.get()}, {-0.25, b.get()}, {-0.75, b.get()}};
  const Stack stack = stack_module(terms, 0);
  CHECK(stack.rank() == 3);
  CHECK((dense(stack) - 0.75 * dense_product(*a, 0)).norm() < 1e-12);
  const std::vector<ProductTerm> nothing{{1.0, a.get()}, {-1.0, a.get()}};
  CHECK(stack_module(nothing, 0).rank() == 0);
  CHECK(top_svd(stack_module(nothing, 0), 3).sigma.isZero());
}
