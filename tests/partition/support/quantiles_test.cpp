#include "partition/support/quantiles.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using namespace lorafleet;

TEST_CASE("a quantile between two numbers is a part of the way between them") {
  CHECK(quantile({10, 20, 30, 40}, 0.25) == 17.5);
  CHECK(quantile({10, 20, 30, 40}, 0.5) == 25);
  CHECK(quantile({10, 20, 30, 40}, 1.0) == 40);
  CHECK(quantile({3}, 0.75) == 3);
}

TEST_CASE("edges at quantiles leave no bin empty") {
  using Numbers = std::vector<double>;
  CHECK(quantile_edges(Numbers{6, 5, 4, 3, 2, 1}, 3) == Numbers{3, 5});
  CHECK(quantile_edges(Numbers{1, 1, 1, 1, 2}, 5) == Numbers{2});
  CHECK(quantile_edges(Numbers{7, 7, 7}, 4).empty());
  CHECK(quantile_edges(Numbers{}, 4).empty());
}

TEST_CASE("an edge belongs to the bin above it") {
  const std::vector<std::int64_t> edges = {3, 5};
  CHECK(bin_at<std::int64_t>(edges, 2) == 0);
  CHECK(bin_at<std::int64_t>(edges, 3) == 1);
  CHECK(bin_at<std::int64_t>(edges, 9) == 2);
}
