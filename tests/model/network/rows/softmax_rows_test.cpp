#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "model/network/rows/row_kernels.hpp"
#include "partition/support/random.hpp"

using namespace lorafleet;
using namespace lorafleet::model;

namespace {

constexpr std::int64_t kQueries = 5;
constexpr float kScale = 0.3f;

/// Rows of `columns` values, `stride` apart, with `behind` between them.
std::vector<float> spread(const std::vector<float>& values, std::int64_t columns,
                          std::int64_t stride, float behind) {
  std::vector<float> rows(static_cast<std::size_t>(kQueries * stride), behind);
  for (std::int64_t i = 0; i < kQueries; ++i) {
    for (std::int64_t j = 0; j < columns; ++j)
      rows[static_cast<std::size_t>(i * stride + j)] =
          values[static_cast<std::size_t>(i * columns + j)];
  }
  return rows;
}

std::vector<float> gathered(const std::vector<float>& rows, std::int64_t columns,
                            std::int64_t stride) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < kQueries; ++i) {
    const auto first = rows.begin() + i * stride;
    values.insert(values.end(), first, first + columns);
  }
  return values;
}

std::vector<float> random_rows(std::int64_t columns, Random& random) {
  std::vector<float> values(static_cast<std::size_t>(kQueries * columns));
  for (float& value : values)
    value = static_cast<float>(random.normal());
  return values;
}

struct Softmax {
  std::vector<float> p;
  std::vector<float> gradient;  ///< of the scores, from that of p
};

Softmax softmax(const std::vector<float>& scores, const std::vector<float>& dp,
                std::int64_t columns, std::int64_t stride, std::int64_t window) {
  std::vector<float> p = spread(scores, columns, stride, std::numeric_limits<float>::quiet_NaN());
  causal_softmax(p.data(), kQueries, columns, stride, kScale, window);
  std::vector<float> d = spread(dp, columns, stride, 7.0f);
  causal_softmax_backward(p.data(), d.data(), kQueries, columns, stride, kScale, window);
  return {gathered(p, columns, stride), gathered(d, columns, stride)};
}

}  // namespace

TEST_CASE("a softmax's bits do not depend on the room behind its rows") {
  Random random(8, Purpose::sample);
  for (const std::int64_t columns : {5, 15, 16, 17, 33, 47}) {
    const std::vector<float> scores = random_rows(columns, random);
    const std::vector<float> dp = random_rows(columns, random);
    for (const std::int64_t window : {std::int64_t{0}, std::int64_t{3}, columns - 1, columns}) {
      CAPTURE(columns);
      CAPTURE(window);
      const Softmax close = softmax(scores, dp, columns, columns, window);
      const Softmax apart = softmax(scores, dp, columns, (columns + 15) / 16 * 16, window);
      CHECK(apart.p == close.p);
      CHECK(apart.gradient == close.gradient);
    }
    std::vector<float> all = scores;
    full_softmax(all.data(), kQueries, columns, columns, kScale);
    std::vector<float> padded = spread(scores, columns, 64, 1e30f);
    full_softmax(padded.data(), kQueries, columns, 64, kScale);
    CHECK(gathered(padded, columns, 64) == all);
  }
}

TEST_CASE("a query's weights are those of what it sees, and so are their gradients") {
  Random random(9, Purpose::sample);
  constexpr std::int64_t kColumns = 21;
  for (const std::int64_t window : {0, 6}) {
    const std::vector<float> scores = random_rows(kColumns, random);
    const std::vector<float> dp = random_rows(kColumns, random);
    const Softmax own = softmax(scores, dp, kColumns, 32, window);
    for (std::int64_t i = 0; i < kQueries; ++i) {
      const std::int64_t end = kColumns - kQueries + i + 1;
      const std::int64_t first = window > 0 ? end - window : 0;
      const auto at = [&](std::int64_t j) { return static_cast<std::size_t>(i * kColumns + j); };
      double sum = 0.0, mean = 0.0;
      for (std::int64_t j = first; j < end; ++j)
        sum += std::exp(static_cast<double>(kScale * scores[at(j)]));
      for (std::int64_t j = first; j < end; ++j)
        mean += std::exp(static_cast<double>(kScale * scores[at(j)])) / sum * dp[at(j)];
      for (std::int64_t j = 0; j < kColumns; ++j) {
        const bool seen = j >= first && j < end;
        const double p = seen ? std::exp(static_cast<double>(kScale * scores[at(j)])) / sum : 0.0;
        CHECK(own.p[at(j)] == doctest::Approx(p).epsilon(1e-5));
        CHECK(own.gradient[at(j)] ==
              doctest::Approx(kScale * p * (dp[at(j)] - mean)).epsilon(1e-4).scale(0.1));
      }
    }
  }
}
