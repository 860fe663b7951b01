#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "actors/strategy/robust/krum.hpp"
#include "actors/strategy/robust/robust.hpp"
#include "partition/support/random.hpp"

using namespace lorafleet;
using namespace lorafleet::strategy;

namespace {

using Values = std::vector<float>;

/// r = 1, in = 1, out = n - 1: a layout of n values.
model::AdapterPtr adapter_of(const Values& values) {
  const auto layout = std::make_shared<const model::AdapterLayout>(std::vector<model::LoraModule>{
      {"m", 1, static_cast<std::int64_t>(values.size()) - 1, 1, 1.0, false}});
  return std::make_shared<const model::Adapter>(model::Adapter{layout, values});
}

FoldItem item(const Values& change, double weight, const Values& anchor = {}) {
  const Values from = anchor.empty() ? Values(change.size(), 0.0f) : anchor;
  Values to = from;
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] += change[i];
  return {adapter_of(to), adapter_of(from), weight};
}

AggregationConfig robust_config(const std::string& robust) {
  AggregationConfig config;
  config.robust = robust;
  return config;
}

Values changes(const FoldItem& of) {
  Values d = of.adapter->values;
  for (std::size_t i = 0; i < d.size(); ++i)
    d[i] -= of.anchor->values[i];
  return d;
}

std::vector<FoldItem> random_items(Random& random, std::size_t n, std::size_t size) {
  std::vector<FoldItem> items;
  for (std::size_t k = 0; k < n; ++k) {
    Values d(size);
    Values anchor(size);
    for (std::size_t i = 0; i < size; ++i) {
      d[i] = static_cast<float>(random.normal());
      anchor[i] = static_cast<float>(random.normal());
    }
    items.push_back(item(d, random.uniform(), anchor));
  }
  return items;
}

double total(const std::vector<FoldItem>& items) {
  double sum = 0.0;
  for (const auto& one : items)
    sum += one.weight;
  return sum;
}

}  // namespace

TEST_CASE("without a robust rule the updates stay what they are") {
  const Robust robust(robust_config("none"));
  CHECK(robust.idle());
  const std::vector<FoldItem> items{item({1, 2}, 0.3), item({5, 6}, 0.7)};
  const auto outcome = robust.apply(items);
  REQUIRE(outcome.items.size() == 2);
  CHECK(outcome.items[1].adapter == items[1].adapter);
  CHECK(outcome.clipped.empty());
  CHECK(outcome.rejected.empty());
}

TEST_CASE("an update that changes too much is scaled down to the norm, from its own anchor") {
  AggregationConfig config;
  config.clip_norm = 2.5;
  const Robust robust(config);
  CHECK_FALSE(robust.idle());
  // Norms 5 and 2: the first is halved.
  const auto outcome = robust.apply({item({3, 4}, 0.5, {10, 20}), item({0, 2}, 0.5, {1, 1})});
  CHECK(outcome.items[0].adapter->values == Values{11.5f, 22.0f});
  CHECK(outcome.items[0].anchor->values == Values{10, 20});
  CHECK(outcome.items[1].adapter->values == Values{1, 3});
  CHECK(outcome.clipped == std::vector<std::size_t>{0});
  CHECK(outcome.items[0].weight == 0.5);
}

TEST_CASE("updates can be clipped to the median of their norms") {
  AggregationConfig config;
  config.clip_to_median = true;
  const std::vector<FoldItem> items{item({8, 0}, 1), item({1, 0}, 1), item({0, -2}, 1),
                                    item({4, 0}, 1)};
  // Norms 8, 1, 2, 4: the median is 3.
  const auto outcome = Robust(config).apply(items);
  CHECK(changes(outcome.items[0]) == Values{3, 0});
  CHECK(changes(outcome.items[2]) == Values{0, -2});
  CHECK(changes(outcome.items[3]) == Values{3, 0});
  CHECK(outcome.clipped == std::vector<std::size_t>{0, 3});
  config.clip_norm = 1.5;  // the smaller counts
  CHECK(changes(Robust(config).apply(items).items[2]) == Values{0, -1.5f});
  config.clip_norm = 100;
  CHECK(Robust(config).apply(items).clipped == std::vector<std::size_t>{0, 3});
}

TEST_CASE("the median is taken coordinate by coordinate, of the changes") {
  const Robust robust(robust_config("median"));
  const auto odd = robust.apply(
      {item({1, 5}, 0.1, {100, 100}), item({2, -50}, 0.2, {0, 0}), item({900, 7}, 0.3, {5, 5})});
  REQUIRE(odd.items.size() == 1);
  CHECK(odd.items[0].anchor->values == Values{100, 100});
  CHECK(changes(odd.items[0]) == Values{2, 5});
  CHECK(odd.items[0].weight == doctest::Approx(0.6));
  const auto even =
      robust.apply({item({4}, 0.25), item({1}, 0.25), item({2}, 0.25), item({9}, 0.25)});
  CHECK(changes(even.items[0]) == Values{3});
}

TEST_CASE("the trimmed mean cuts its share off at each end") {
  AggregationConfig config = robust_config("trimmed_mean");
  config.trim = 0.25;
  std::vector<FoldItem> items{item({100, 1}, 0.4), item({1, 2}, 0.3), item({2, 4}, 0.2),
                              item({-100, -9}, 0.1)};
  // One each: (1 + 2) / 2 and (1 + 2) / 2.
  CHECK(changes(Robust(config).apply(items).items[0]) == Values{1.5f, 1.5f});
  config.trim = 0.2;  // floor(0.8): nobody
  CHECK(changes(Robust(config).apply(items).items[0]) == Values{0.75f, -0.5f});
  config.trim = 0.3;  // of ten exactly three at each end: 4, 5, 6, 7 remain
  items.clear();
  for (int i = 1; i <= 10; ++i)
    items.push_back(item({static_cast<float>(i * i)}, 0.1));
  CHECK(changes(Robust(config).apply(items).items[0])[0] == doctest::Approx(126.0 / 4.0));
}

TEST_CASE("coordinate rules agree with sorting in double, and do not exceed the honest") {
  CHECK(rc::check("median and trimmed mean", [] {
    Random random(*rc::gen::arbitrary<std::uint64_t>(), Purpose::fault);
    const auto n = *rc::gen::inRange<std::size_t>(1, 12);
    const std::size_t size = 6;
    const auto items = random_items(random, n, size);
    AggregationConfig config = robust_config("trimmed_mean");
    config.trim = *rc::gen::element(0.0, 0.1, 0.25, 0.49);
    const auto cut = static_cast<std::size_t>(config.trim * static_cast<double>(n));
    const auto mean = Robust(config).apply(items).items[0];
    const auto middle = Robust(robust_config("median")).apply(items).items[0];
    for (std::size_t i = 0; i < size; ++i) {
      std::vector<double> d;
      for (const auto& one : items)
        d.push_back(double{one.adapter->values[i]} - double{one.anchor->values[i]});
      std::sort(d.begin(), d.end());
      const double expected_median = n % 2 == 1 ? d[n / 2] : 0.5 * (d[n / 2 - 1] + d[n / 2]);
      const double expected_mean = std::accumulate(d.begin() + static_cast<long>(cut),
                                                   d.end() - static_cast<long>(cut), 0.0) /
                                   static_cast<double>(n - 2 * cut);
      const double from = items[0].anchor->values[i];
      RC_ASSERT(std::abs(middle.adapter->values[i] - (from + expected_median)) < 1e-6);
      RC_ASSERT(std::abs(mean.adapter->values[i] - (from + expected_mean)) < 1e-6);
    }
    RC_ASSERT(std::abs(mean.weight - total(items)) < 1e-12);
  }));
}

TEST_CASE("krum scores are the paper's, worked by hand") {
  // On a line at 0, 1, 3, 7, 100; n = 5, f = 1: the two nearest count.
  const std::vector<FoldItem> items{item({0}, 0.2), item({1}, 0.2), item({3}, 0.2), item({7}, 0.2),
                                    item({100}, 0.2)};
  const std::vector<double> scores{1 + 9, 1 + 4, 4 + 9, 16 + 36, 93 * 93 + 97 * 97};
  CHECK(krum_scores(items, 1) == scores);
  AggregationConfig config = robust_config("krum");
  config.byzantine = 1;
  const auto outcome = Robust(config).apply(items);
  REQUIRE(outcome.items.size() == 1);
  CHECK(outcome.items[0].adapter == items[1].adapter);
  CHECK(outcome.items[0].weight == doctest::Approx(1.0));
  CHECK(outcome.rejected == std::vector<std::size_t>{0, 2, 3, 4});
  CHECK_FALSE(outcome.weakened);
}

TEST_CASE("multi-Krum keeps the best, and their weights keep the sum and the proportions") {
  const std::vector<FoldItem> items{item({0}, 0.1), item({1}, 0.3), item({3}, 0.2), item({7}, 0.1),
                                    item({100}, 0.1)};
  AggregationConfig config = robust_config("multi_krum");
  config.byzantine = 0.2;  // of five: one
  config.krum_keep = 2;
  auto outcome = Robust(config).apply(items);
  REQUIRE(outcome.items.size() == 2);
  CHECK(outcome.items[0].adapter == items[0].adapter);
  CHECK(outcome.items[1].adapter == items[1].adapter);
  CHECK(outcome.items[0].weight == doctest::Approx(0.2));
  CHECK(outcome.items[1].weight == doctest::Approx(0.6));
  config.krum_keep = 0;  // all but f
  outcome = Robust(config).apply(items);
  CHECK(outcome.items.size() == 4);
  CHECK(outcome.rejected == std::vector<std::size_t>{4});
  CHECK(total(outcome.items) == doctest::Approx(0.8));
  config.krum_keep = 99;
  CHECK(Robust(config).apply(items).rejected.empty());
}

TEST_CASE("krum judges as well as a small fold allows") {
  AggregationConfig config = robust_config("krum");
  config.byzantine = 3;  // needs nine
  const std::vector<FoldItem> four{item({0}, 0.25), item({1}, 0.25), item({3}, 0.25),
                                   item({50}, 0.25)};
  const auto outcome = Robust(config).apply(four);  // f = 0: the two nearest
  CHECK(outcome.weakened);
  CHECK(outcome.rejected == std::vector<std::size_t>{0, 2, 3});
  const auto two = Robust(config).apply({item({0}, 0.5), item({1}, 0.5)});
  CHECK(two.weakened);
  CHECK(two.items.size() == 2);
  CHECK(most_byzantine(2) == 0);
  CHECK(most_byzantine(4) == 0);
  CHECK(most_byzantine(5) == 1);
  CHECK(most_byzantine(7) == 2);
  CHECK(wanted_byzantine(0.3, 10) == 3);
  CHECK(wanted_byzantine(2.0, 10) == 2);
}

TEST_CASE("krum measures the changes, so that unequal anchors do not matter") {
  AggregationConfig config = robust_config("krum");
  config.byzantine = 1;
  const auto outcome = Robust(config).apply({item({1, 1}, 1, {0, 0}), item({1, 1}, 1, {8, 8}),
                                             item({1, 1}, 1, {-8, 8}), item({9, 9}, 1, {-8, -8}),
                                             item({1, 2}, 1, {4, 4})});
  CHECK(outcome.rejected == std::vector<std::size_t>{1, 2, 3, 4});  // equal scores: the first
}

TEST_CASE("false updates of any size do not move the robust rules out of the honest range") {
  CHECK(rc::check("f of n updates are arbitrary", [] {
    Random random(*rc::gen::arbitrary<std::uint64_t>(), Purpose::fault);
    const auto f = *rc::gen::inRange<std::size_t>(0, 4);
    const std::size_t n = 2 * f + 3 + *rc::gen::inRange<std::size_t>(0, 4);
    auto items = random_items(random, n, 5);
    const auto scale = *rc::gen::element(1.0f, 1e3f, 1e6f);
    for (std::size_t k = 0; k < f; ++k)
      items[k] = item(Values(5, scale), 1.0);
    for (const std::string rule : {"median", "trimmed_mean"}) {
      AggregationConfig config = robust_config(rule);
      config.trim = static_cast<double>(f) / static_cast<double>(n);
      const auto folded = Robust(config).apply(items).items.at(0);
      for (std::size_t i = 0; i < 5; ++i) {
        double low = 1e9;
        double high = -1e9;
        for (std::size_t k = f; k < n; ++k) {
          const double d = double{items[k].adapter->values[i]} - double{items[k].anchor->values[i]};
          low = std::min(low, d);
          high = std::max(high, d);
        }
        const double d = double{folded.adapter->values[i]} - double{folded.anchor->values[i]};
        RC_ASSERT(d >= low - 1e-6);
        RC_ASSERT(d <= high + 1e-6);
      }
    }
  }));
}

TEST_CASE("robust rules refuse what they cannot mean") {
  const auto refuses = [](auto change) {
    AggregationConfig config;
    change(config);
    CHECK_THROWS_AS(Robust{config}, InputError);
  };
  refuses([](AggregationConfig& c) { c.robust = "medain"; });
  refuses([](AggregationConfig& c) { c.clip_norm = -1.0; });
  refuses([](AggregationConfig& c) { c.robust = "trimmed_mean", c.trim = 0.5; });
  refuses([](AggregationConfig& c) { c.robust = "krum", c.byzantine = 1.5; });
  refuses([](AggregationConfig& c) { c.robust = "multi_krum", c.krum_keep = -1; });
  const Robust median(robust_config("median"));
  CHECK_THROWS_AS(median.apply({item({1, 2}, 1), item({1}, 1)}), std::invalid_argument);
}
