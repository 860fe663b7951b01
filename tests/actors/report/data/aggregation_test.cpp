#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "actors/report/data/curve.hpp"
#include "actors/report/data/quantile_sketch.hpp"
#include "actors/report/data/run_data.hpp"
#include "actors/report/data/time_buckets.hpp"
#include "actors/report/data/whole_histogram.hpp"

namespace lorafleet::report {
namespace {

TEST_CASE("a thinned curve keeps first, last, least and largest, and invents nothing") {
  CHECK(rc::check([](const std::vector<int>& values) {
    const std::size_t most = 6 + static_cast<std::size_t>(*rc::gen::inRange(0, 40));
    CurveSampler sampler(most);
    std::vector<CurvePoint> all;
    for (const int value : values) {
      all.push_back({static_cast<double>(all.size()), 0.0, 0.0, 0.0, static_cast<double>(value)});
      sampler.add(all.back());
    }
    const auto kept = sampler.points();
    RC_ASSERT(kept.size() <= most);
    RC_ASSERT(kept.empty() == all.empty());
    if (all.empty()) return;
    const auto by_value = [](const CurvePoint& a, const CurvePoint& b) {
      return a.value < b.value;
    };
    RC_ASSERT(kept.front() == all.front());
    RC_ASSERT(kept.back() == all.back());
    RC_ASSERT(std::min_element(kept.begin(), kept.end(), by_value)->value ==
              std::min_element(all.begin(), all.end(), by_value)->value);
    RC_ASSERT(std::max_element(kept.begin(), kept.end(), by_value)->value ==
              std::max_element(all.begin(), all.end(), by_value)->value);
    for (std::size_t i = 0; i < kept.size(); ++i) {
      RC_ASSERT(kept[i] == all[static_cast<std::size_t>(kept[i].seconds)]);
      const bool later = i == 0 || kept[i - 1].seconds < kept[i].seconds;
      RC_ASSERT(later);
    }
  }));
}

TEST_CASE("a short curve is kept whole") {
  CurveSampler sampler(1000);
  for (int i = 0; i < 400; ++i)
    sampler.add({static_cast<double>(i), 0.0, 0.0, 0.0, std::sin(i)});
  CHECK(sampler.points().size() == 400);
  CHECK(sampler.seen() == 400);
}

struct Sum {
  double seconds = 0.0;
  int count = 0;
  void merge(const Sum& other) {
    seconds += other.seconds;
    count += other.count;
  }
};

TEST_CASE("time in buckets adds up, however often they are merged") {
  CHECK(rc::check([](const std::vector<std::uint16_t>& steps) {
    TimeBuckets<Sum> buckets(8, 0.5);
    double now = 0.0;
    for (const std::uint16_t step : steps) {
      const double then = now + step / 64.0;
      buckets.over(now, then, [](Sum& cell, double overlap) { cell.seconds += overlap; });
      ++buckets.at(then).count;
      now = then;
    }
    double seconds = 0.0;
    int count = 0;
    for (const Sum& cell : buckets.cells()) {
      seconds += cell.seconds;
      count += cell.count;
    }
    RC_ASSERT(buckets.cells().size() <= 8);
    RC_ASSERT(std::abs(seconds - now) < 1e-6 * (1.0 + now));
    RC_ASSERT(count == static_cast<int>(steps.size()));
  }));
}

TEST_CASE("quantiles of a sketch are exact of few, and within a thousandth of many") {
  CHECK(rc::check([](std::vector<std::uint32_t> values) {
    RC_PRE(!values.empty());
    // Many, from the same few: more than are kept exactly.
    const bool many = *rc::gen::arbitrary<bool>();
    const std::size_t few = values.size();
    while (many && values.size() <= QuantileSketch::kExact)
      values.push_back(values[values.size() - few] * 3 + 1);
    QuantileSketch sketch;
    QuantileSketch half;
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = values[i] % 100000 + 1;
      (i % 2 == 0 ? sketch : half).add(values[i]);
    }
    sketch.merge(half);
    RC_ASSERT(sketch.count() == values.size());
    std::sort(values.begin(), values.end());
    for (const double share : {0.0, 0.1, 0.5, 0.9, 1.0}) {
      const auto rank =
          static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 1e-9);
      const double off = std::abs(sketch.quantile(share) / values[rank] - 1.0);
      RC_ASSERT(off <= (many ? 0.00051 : 0.0));
    }
  }));
  CHECK(std::isnan(QuantileSketch().quantile(0.5)));
}

TEST_CASE("a histogram counts all, those beyond its last bin too") {
  WholeHistogram counts;
  for (const std::uint64_t value : {0U, 0U, 1U, 5U, 9000U})
    counts.add(value);
  CHECK(counts.count() == 5);
  CHECK(counts.largest() == 9000);
  CHECK(counts.between(0, 0) == 2);
  CHECK(counts.between(1, 5) == 2);
  CHECK(counts.between(0, WholeHistogram::kLast + 1) == 5);
  CHECK(counts.quantile(0.5) == 1);
  CHECK(counts.quantile(0.8) == 5);
  WholeHistogram twice = counts;
  twice.merge(counts);
  CHECK(twice.count() == 10);
  CHECK(twice.mean() == counts.mean());
}

TEST_CASE("the Gini coefficient is 0 for equal counts and near 1 for one who has all") {
  CHECK(gini_of({}) == 0.0);
  CHECK(gini_of({0, 0}) == 0.0);
  CHECK(std::abs(gini_of({3, 3, 3, 3})) < 1e-12);
  CHECK(gini_of({0, 0, 0, 8}) == doctest::Approx(0.75));
  CHECK(gini_of({1, 2, 3}) == doctest::Approx(2.0 / 9.0));
}

}  // namespace
}  // namespace lorafleet::report
