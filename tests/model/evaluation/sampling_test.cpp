#include "model/evaluation/sampling.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <vector>

#include "partition/support/random.hpp"

using namespace lorafleet;
using namespace lorafleet::model;

namespace {

GenerationConfig sampled(double temperature, std::int64_t top_k = 0, double top_p = 1.0) {
  GenerationConfig config;
  config.temperature = temperature;
  config.top_k = top_k;
  config.top_p = top_p;
  return config;
}

/// ln of 0.5, 0.25, 0.125, 0.125
const std::vector<float> kLogits = {std::log(0.125f), std::log(0.5f), std::log(0.25f),
                                    std::log(0.125f)};

/// All tokens that some draw gives.
std::set<std::int64_t> reachable(const GenerationConfig& config) {
  std::set<std::int64_t> tokens;
  for (int i = 0; i < 1000; ++i)
    tokens.insert(next_token(kLogits, config, i / 1000.0));
  return tokens;
}

}  // namespace

TEST_CASE("temperature 0 takes the most likely token, of equal ones the first") {
  CHECK(next_token(kLogits, sampled(0.0), 0.99) == 1);
  CHECK(next_token(std::vector<float>{1.0f, 3.0f, 3.0f}, sampled(0.0), 0.5) == 1);
}

TEST_CASE("draws run through the tokens from the most likely one on") {
  CHECK(next_token(kLogits, sampled(1.0), 0.0) == 1);
  CHECK(next_token(kLogits, sampled(1.0), 0.49) == 1);
  CHECK(next_token(kLogits, sampled(1.0), 0.51) == 2);
  CHECK(next_token(kLogits, sampled(1.0), 0.76) == 0);
  CHECK(next_token(kLogits, sampled(1.0), 0.88) == 3);
  CHECK(next_token(kLogits, sampled(1.0), std::nextafter(1.0, 0.0)) == 3);
}

TEST_CASE("top_k keeps the k most likely, and those equal to the last of them") {
  CHECK(reachable(sampled(1.0, 1)) == std::set<std::int64_t>{1});
  CHECK(reachable(sampled(1.0, 2)) == std::set<std::int64_t>{1, 2});
  CHECK(reachable(sampled(1.0, 3)) == std::set<std::int64_t>{0, 1, 2, 3});
  CHECK(reachable(sampled(1.0, 99)) == std::set<std::int64_t>{0, 1, 2, 3});
}

TEST_CASE("top_p keeps the smallest set that reaches p, at least one") {
  CHECK(reachable(sampled(1.0, 0, 0.01)) == std::set<std::int64_t>{1});
  CHECK(reachable(sampled(1.0, 0, 0.49)) == std::set<std::int64_t>{1});
  CHECK(reachable(sampled(1.0, 0, 0.51)) == std::set<std::int64_t>{1, 2});
  CHECK(reachable(sampled(1.0, 0, 0.76)) == std::set<std::int64_t>{0, 1, 2});
  CHECK(reachable(sampled(1.0, 0, 1.0)) == std::set<std::int64_t>{0, 1, 2, 3});
  // After top_k 2 the rest are 2/3 and 1/3.
  CHECK(reachable(sampled(1.0, 2, 0.66)) == std::set<std::int64_t>{1});
  CHECK(reachable(sampled(1.0, 2, 0.67)) == std::set<std::int64_t>{1, 2});
}

TEST_CASE("the share of each token is softmax(kLogits / temperature), by a chi-square test") {
  const std::vector<float> some = {0.3f, -1.0f, 2.0f, 0.0f, 1.1f};
  for (const double temperature : {0.5, 1.0, 2.0}) {
    std::vector<double> expected;
    double sum = 0.0;
    for (const float logit : some) {
      expected.push_back(std::exp(static_cast<double>(logit) / temperature));
      sum += expected.back();
    }
    std::vector<int> counts(some.size());
    Random random(11, Purpose::schedule_test);
    constexpr int kDraws = 20000;
    for (int i = 0; i < kDraws; ++i) {
      ++counts[static_cast<std::size_t>(next_token(some, sampled(temperature), random.uniform()))];
    }
    double chi_square = 0.0;
    for (std::size_t i = 0; i < some.size(); ++i) {
      const double mean = kDraws * expected[i] / sum;
      chi_square += (counts[i] - mean) * (counts[i] - mean) / mean;
    }
    CHECK(chi_square < 18.47);  // 4 degrees of freedom, p = 0.001
  }
}
