#include "partition/support/shares.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <numeric>

using lorafleet::largest_remainder;

TEST_CASE("what remains goes to the largest fractions, of equal ones to the first") {
  // Quotas 3.5, 2.1, 1.4.
  CHECK(largest_remainder({0.5, 0.3, 0.2}, 7) == std::vector<std::size_t>{4, 2, 1});
  CHECK(largest_remainder({1.0, 1.0}, 3) == std::vector<std::size_t>{2, 1});
  CHECK(largest_remainder({0.0, 1.0}, 3) == std::vector<std::size_t>{0, 3});
}

TEST_CASE("largest remainder gives all items, each share within one of its quota") {
  CHECK(rc::check("counts sum to the items and stay within one of the quota", [] {
    const auto weights =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 50)));
    const auto items = *rc::gen::inRange<std::size_t>(0, 2000);
    const std::vector<double> shares(weights.begin(), weights.end());
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    RC_PRE(sum > 0.0);
    const auto counts = largest_remainder(shares, items);
    RC_ASSERT(std::accumulate(counts.begin(), counts.end(), std::size_t{0}) == items);
    for (std::size_t i = 0; i < shares.size(); ++i) {
      const double quota = static_cast<double>(items) * shares[i] / sum;
      RC_ASSERT(std::abs(static_cast<double>(counts[i]) - quota) <= 1.0);
    }
  }));
}
