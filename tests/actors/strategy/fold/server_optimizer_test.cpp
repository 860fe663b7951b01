#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "actors/strategy/fold/aggregator.hpp"
#include "actors/strategy/fold/server_optimizer.hpp"
#include "tests/actors/fake_run.hpp"

using namespace lorafleet;
using namespace lorafleet::strategy;
using lorafleet::tests::flat_adapter;

namespace {

/// server_lr 2, beta1 1/2, beta2 3/4, tau 1: the moments start at m = 0, v = 1.
AggregationConfig config_of(const char* name) {
  AggregationConfig config;
  config.server_optimizer = name;
  config.server_lr = 2.0;
  config.server_beta1 = 0.5;
  config.server_beta2 = 0.75;
  config.server_tau = 1.0;
  return config;
}

std::vector<float> walk(const AggregationConfig& config, const std::vector<double>& deltas) {
  const auto optimizer = server_optimizers().make(config.server_optimizer, config);
  std::vector<float> at{0.0F};
  std::vector<float> path;
  for (const double delta : deltas) {
    at = optimizer->step(at, std::vector<double>{delta});
    path.push_back(at[0]);
  }
  return path;
}

void check_path(const std::vector<float>& path, const std::vector<double>& expected) {
  REQUIRE(path.size() == expected.size());
  for (std::size_t i = 0; i < path.size(); ++i)
    CHECK(path[i] == doctest::Approx(expected[i]).epsilon(1e-6));
}

}  // namespace

TEST_CASE("the server's momentum is FedAvgM's") {
  AggregationConfig config = config_of("sgd");
  config.server_momentum = 0.5;
  // v: 1, -2.5, -0.25
  check_path(walk(config, {1.0, -3.0, 1.0}), {2.0, -3.0, -3.5});
  config.server_momentum = 0.0;
  check_path(walk(config, {1.0, -3.0, 1.0}), {2.0, -4.0, -2.0});
}

TEST_CASE("adaptive servers step as in the paper, worked by hand") {
  // m: 0.5, -1.25, -0.125; the change is 2 m / (sqrt(v) + 1).
  const double one = -2.5;
  const double two = -0.25;
  SUBCASE("adagrad: v 2, 11, 12") {
    const double x1 = 1.0 / (std::sqrt(2.0) + 1.0);
    const double x2 = x1 + one / (std::sqrt(11.0) + 1.0);
    const double x3 = x2 + two / (std::sqrt(12.0) + 1.0);
    check_path(walk(config_of("adagrad"), {1.0, -3.0, 1.0}), {x1, x2, x3});
  }
  SUBCASE("adam: v 1, 3, 2.5") {
    const double x2 = 0.5 + one / (std::sqrt(3.0) + 1.0);
    const double x3 = x2 + two / (std::sqrt(2.5) + 1.0);
    check_path(walk(config_of("adam"), {1.0, -3.0, 1.0}), {0.5, x2, x3});
  }
  SUBCASE("yogi: v 1, 3.25, 3") {
    const double x2 = 0.5 + one / (std::sqrt(3.25) + 1.0);
    const double x3 = x2 + two / (std::sqrt(3.0) + 1.0);
    check_path(walk(config_of("yogi"), {1.0, -3.0, 1.0}), {0.5, x2, x3});
  }
}

TEST_CASE("a restored server optimiser goes on as the one it was") {
  for (const auto& name : server_optimizers().names()) {
    CAPTURE(name);
    AggregationConfig config = config_of(name.c_str());
    config.server_momentum = 0.9;
    const auto first = server_optimizers().make(name, config);
    const std::vector<float> at{0.5F, -1.0F};
    first->step(at, std::vector<double>{1.0, 2.0});
    const auto second = server_optimizers().make(name, config);
    const std::vector<double> delta{-0.25, 4.0};
    second->restore(first->state());
    CHECK(second->step(at, delta) == first->step(at, delta));
    CHECK_THROWS_AS(second->restore({{"other", {1.0}}}), std::invalid_argument);
  }
}

TEST_CASE("a fold that overflows leaves the server's moments as they were") {
  AggregationConfig config;
  config.server_momentum = 0.5;
  Aggregator aggregator(config);
  const auto zero = flat_adapter(0.0F);
  const auto largest = flat_adapter(std::numeric_limits<float>::max());
  const auto one = flat_adapter(1.0F);
  const std::vector<FoldItem> too_far{{largest, zero, 2.0}};
  CHECK(aggregator.fold(*zero, too_far).next == nullptr);
  const auto next = aggregator.fold(*zero, std::vector<FoldItem>{{one, zero, 1.0, {}}}).next;
  REQUIRE(next);
  CHECK(next->values[0] == 1.0F);
}

TEST_CASE("options of server optimisers out of range are refused") {
  const auto refuse = [](const char* name, double AggregationConfig::*key, double value) {
    AggregationConfig config = config_of(name);
    config.*key = value;
    CHECK_THROWS_AS(server_optimizers().make(name, config), InputError);
  };
  refuse("sgd", &AggregationConfig::server_momentum, 1.0);
  refuse("adam", &AggregationConfig::server_beta1, -0.1);
  refuse("yogi", &AggregationConfig::server_beta2, 1.0);
  refuse("adagrad", &AggregationConfig::server_tau, 0.0);
  refuse("adam", &AggregationConfig::server_lr, std::nan(""));
}
