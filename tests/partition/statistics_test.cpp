#include "partition/statistics.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>

using namespace lorafleet::partition;

TEST_CASE("the Jensen-Shannon distance agrees with cases worked out by hand") {
  CHECK(js_distance({1, 2, 3}, {10, 20, 30}) == doctest::Approx(0.0));
  CHECK(js_distance({5, 0}, {0, 7}) == doctest::Approx(1.0));
  // p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4): KL(p|m) = log2(4/3), KL(q|m) = (log2(2/3) + 1) / 2.
  const double divergence =
      0.5 * std::log2(4.0 / 3.0) + 0.25 * std::log2(2.0 / 3.0) + 0.25 * std::log2(2.0);
  CHECK(divergence == doctest::Approx(0.3112781));
  CHECK(js_distance({3, 0}, {8, 8}) == doctest::Approx(std::sqrt(divergence)));
}

TEST_CASE("the Jensen-Shannon distance is symmetric and in [0, 1]") {
  CHECK(rc::check("distance laws", [] {
    const auto draw = [] {
      auto counts = *rc::gen::container<std::vector<int>>(6, rc::gen::inRange(0, 50));
      counts[0] += 1;
      return std::vector<double>(counts.begin(), counts.end());
    };
    const auto a = draw();
    const auto b = draw();
    const double distance = js_distance(a, b);
    RC_ASSERT(distance >= 0.0 && distance <= 1.0);
    RC_ASSERT(std::abs(distance - js_distance(b, a)) < 1e-12);
    RC_ASSERT(js_distance(a, a) < 1e-7);
  }));
}

TEST_CASE("gini and quantiles agree with cases worked out by hand") {
  CHECK(gini({4, 4, 4, 4}) == doctest::Approx(0.0));
  CHECK(gini({0, 0, 0, 8}) == doctest::Approx(0.75));
  // Mean absolute difference of 1, 2, 3 over all nine pairs is 8/9; divided by twice the mean: 2/9.
  CHECK(gini({3, 1, 2}) == doctest::Approx(2.0 / 9.0));
  CHECK(gini({}) == 0.0);
  const auto q = quantiles({40, 10, 30, 20});
  CHECK(q.min == 10);
  CHECK(q.p25 == 17.5);
  CHECK(q.p50 == 25);
  CHECK(q.p75 == 32.5);
  CHECK(q.max == 40);
  CHECK(quantiles({3}).p75 == 3);
}

TEST_CASE("a table with a bin for each example holds no more entries than examples") {
  Partition partition;
  partition.bins.push_back(
      {.by = "group", .measure = "group", .edges = {}, .names = {}, .bin_of = {}});
  for (std::uint32_t i = 0; i < 600; ++i) {
    partition.training.push_back(i);
    partition.bins[0].names.push_back(std::to_string(i));
    partition.bins[0].bin_of.push_back(i);
  }
  for (std::uint32_t c = 0; c < 200; ++c) {
    partition.clients.push_back({c, c + 200, c + 400});
  }
  const auto statistics = measure_partition(partition);
  for (std::uint32_t c = 0; c < 200; ++c) {
    CHECK(statistics.skews[0].table[c] ==
          std::vector<BinCount>{{c, 1}, {c + 200, 1}, {c + 400, 1}});
  }
}

TEST_CASE("a partition's table, distances and sizes are those worked out by hand") {
  Partition partition;
  partition.training = {2, 4, 6, 8};
  partition.clients = {{2}, {4, 6, 8}};
  partition.bins.push_back({.by = "quality",
                            .measure = "votes",
                            .edges = {0.5},
                            .names = {"< 0.5", ">= 0.5"},
                            .bin_of = {0, 0, 1, 1}});
  const auto statistics = measure_partition(partition);
  CHECK(statistics.sizes.max == 3);
  CHECK(statistics.gini == doctest::Approx(0.25));
  const auto& skew = statistics.skews.at(0);
  CHECK(skew.table == std::vector<std::vector<BinCount>>{{{0, 1}}, {{0, 1}, {1, 2}}});
  const double first = std::sqrt(0.3112781);
  // p = (1/3, 2/3), q = (1/2, 1/2), m = (5/12, 7/12).
  const double second = std::sqrt(0.5 * (1.0 / 3 * std::log2(0.8) + 2.0 / 3 * std::log2(8.0 / 7)) +
                                  0.25 * (std::log2(1.2) + std::log2(6.0 / 7)));
  CHECK(skew.js_distance[0] == doctest::Approx(first).epsilon(1e-6));
  CHECK(skew.js_distance[1] == doctest::Approx(second).epsilon(1e-6));
  CHECK(skew.js_max == doctest::Approx(first).epsilon(1e-6));
  CHECK(skew.js_mean == doctest::Approx((first + second) / 2).epsilon(1e-6));
  // Any one example, and the three others: the same distances, whichever it is.
  CHECK(skew.js_mean_iid == doctest::Approx((first + second) / 2).epsilon(1e-6));
}

TEST_CASE("of small clients and many bins, the distance is large without any skew") {
  Partition partition;
  partition.bins.push_back(
      {.by = "group", .measure = "group", .edges = {}, .names = {}, .bin_of = {}});
  for (std::uint32_t bin = 0; bin < 40; ++bin)
    partition.bins[0].names.push_back(std::to_string(bin));
  for (std::uint32_t i = 0; i < 800; ++i) {
    partition.training.push_back(i);
    partition.bins[0].bin_of.push_back(i * 17 % 40);
  }
  for (std::uint32_t c = 0; c < 80; ++c) {
    auto& client = partition.clients.emplace_back();
    for (std::uint32_t i = 0; i < 10; ++i)
      client.push_back(c * 10 + i);
  }
  const auto even = measure_partition(partition).skews.at(0);
  CHECK(even.js_mean_iid > 0.5);
  CHECK(std::abs(even.js_mean - even.js_mean_iid) < 0.15);
  // One bin a client: far beyond chance.
  for (std::uint32_t i = 0; i < 800; ++i)
    partition.bins[0].bin_of[i] = i / 20;
  const auto skewed = measure_partition(partition).skews.at(0);
  CHECK(skewed.js_mean > skewed.js_mean_iid + 0.15);
}
