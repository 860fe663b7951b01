#include "partition/support/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

using lorafleet::philox4x64;
using lorafleet::Purpose;
using lorafleet::Random;

TEST_CASE("philox agrees with the known answers of Random123") {
  constexpr std::uint64_t kOnes = ~std::uint64_t{0};
  CHECK(philox4x64({0, 0, 0, 0}, {0, 0}) ==
        std::array<std::uint64_t, 4>{0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b,
                                     0x7e68b68aec7ba23b});
  CHECK(philox4x64({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}) ==
        std::array<std::uint64_t, 4>{0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6,
                                     0xa09caebf594f0ba0});
}

TEST_CASE("a stream depends on each part of its key and on nothing else") {
  const auto first = [](Random random) { return random.bits(); };
  const Random base(1, Purpose::partition, 2, 3);
  CHECK(first(base) == first(Random(1, Purpose::partition, 2, 3)));
  CHECK(first(base) != first(Random(2, Purpose::partition, 2, 3)));
  CHECK(first(base) != first(Random(1, Purpose::selection, 2, 3)));
  CHECK(first(base) != first(Random(1, Purpose::partition, 3, 3)));
  CHECK(first(base) != first(Random(1, Purpose::partition, 2, 4)));
}

TEST_CASE("draws have the moments of their distributions") {
  Random random(7, Purpose::sample);
  constexpr int kDraws = 200000;
  double normal_sum = 0.0, normal_squares = 0.0, gamma_sum = 0.0, small_gamma_sum = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    normal_sum += x;
    normal_squares += x * x;
    gamma_sum += random.gamma(2.5);
    small_gamma_sum += random.gamma(0.2);
  }
  // Each bound is four to five standard deviations of the mean; relative ones, hence no scale.
  const auto near = [](double value, double relative) {
    return doctest::Approx(value).epsilon(relative).scale(0.0);
  };
  CHECK(std::abs(normal_sum / kDraws) < 0.01);
  CHECK(normal_squares / kDraws == near(1.0, 0.015));
  CHECK(gamma_sum / kDraws == near(2.5, 0.007));
  CHECK(small_gamma_sum / kDraws == near(0.2, 0.024));
}

TEST_CASE("a Dirichlet draw sums to one, also for an alpha whose logarithms overflow") {
  Random random(7, Purpose::sample);
  for (const double alpha : {5e-324, 1e-310, 1e-6, 1e-4, 0.1, 1.0, 1e5}) {
    CAPTURE(alpha);
    const auto draw = random.dirichlet(alpha, 8);
    CHECK(std::accumulate(draw.begin(), draw.end(), 0.0) ==
          doctest::Approx(1.0).epsilon(1e-12).scale(0.0));
    for (const double share : draw) {
      CHECK(share >= 0.0);
      CHECK(share <= 1.0);
    }
  }
}

TEST_CASE("where the logarithms overflow, each entry has its chance of being the one") {
  Random random(7, Purpose::sample);
  std::vector<double> hits(4, 0.0);
  for (int i = 0; i < 4000; ++i) {
    const auto draw = random.dirichlet(5e-324, 4);
    for (std::size_t entry = 0; entry < 4; ++entry) {
      hits[entry] += draw[entry];
    }
  }
  // 1000 expected, sigma 27.
  for (const double count : hits) {
    CHECK(std::abs(count - 1000.0) < 140.0);
  }
}
