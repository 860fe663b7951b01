#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <set>
#include <stdexcept>

#include "actors/strategy/selection/weighted_sampling.hpp"
#include "tests/actors/strategy/selection/selection_fleet.hpp"

using namespace lorafleet;
using namespace lorafleet::strategy;
using lorafleet::tests::SelectionFleet;
using lorafleet::tests::update_of;

namespace {

using Ids = std::vector<std::uint32_t>;

/// Of the first two clients drawn, by successive sampling: P(i, j) = w_i / W * w_j / (W - w_i).
double pair_probability(const std::vector<double>& w, std::size_t i, std::size_t j) {
  double sum = 0.0;
  for (const double each : w)
    sum += each;
  return w[i] / sum * w[j] / (sum - w[i]);
}

}  // namespace

TEST_CASE("weighted sampling draws pairs with the probabilities of successive draws") {
  const std::vector<double> weights{1.0, 2.0, 3.0, 10.0};
  const std::vector<sim::ClientId> candidates{{0}, {1}, {2}, {3}};
  const auto weight = [&](sim::ClientId client) { return weights[client.value]; };
  // 10: mostly by rejection. 1e4: nearly all trials fail, so by exponential keys or by both.
  for (const double most : {10.0, 1e4, std::numeric_limits<double>::infinity()}) {
    CAPTURE(most);
    std::vector<std::vector<double>> counts(4, std::vector<double>(4, 0.0));
    constexpr int kDraws = 40000;
    for (int draw = 0; draw < kDraws; ++draw) {
      Random random(3, Purpose::selection, 0, static_cast<std::uint64_t>(draw));
      const auto pair = weighted_sample(candidates, 2, random, weight, most);
      counts[pair[0].value][pair[1].value] += 1.0;
    }
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < 4; ++j) {
        const double p = i == j ? 0.0 : pair_probability(weights, i, j);
        const double deviation = std::sqrt(kDraws * p * (1.0 - p));
        CHECK(std::abs(counts[i][j] - kDraws * p) <= 4.5 * deviation);
      }
    }
  }
}

TEST_CASE("weighted sampling gives different candidates, and those without weight last") {
  CHECK(rc::check("count different candidates", [] {
    const auto n = *rc::gen::inRange<std::size_t>(1, 60);
    std::vector<sim::ClientId> candidates;
    std::vector<double> weights;
    std::size_t heavy = 0;
    for (std::size_t i = 0; i < n; ++i) {
      candidates.push_back({static_cast<std::uint32_t>(i)});
      weights.push_back(*rc::gen::element(0.0, 1.0, 1.0, 500.0));
      if (weights.back() > 0.0) ++heavy;
    }
    const auto count = *rc::gen::inRange<std::size_t>(0, n + 1);
    Random random(*rc::gen::arbitrary<std::uint64_t>(), Purpose::selection);
    const auto chosen = weighted_sample(
        candidates, count, random, [&](sim::ClientId client) { return weights[client.value]; },
        500.0);
    RC_ASSERT(chosen.size() == count);
    std::set<sim::ClientId> distinct(chosen.begin(), chosen.end());
    RC_ASSERT(distinct.size() == count);
    for (std::size_t i = 0; i < count; ++i)
      RC_ASSERT((weights[chosen[i].value] > 0.0) == (i < heavy));
  }));
}

TEST_CASE("weighted selection goes by examples, also among 100,000 of very unequal size") {
  const auto weighted = selections().make("weighted", ClientsConfig{});
  const auto shares = SelectionFleet({1, 4, 0, 5}).shares(*weighted, 20000);
  CHECK(shares[0] == doctest::Approx(0.1).epsilon(0.1));
  CHECK(shares[1] == doctest::Approx(0.4).epsilon(0.05));
  CHECK(shares[2] == 0.0);
  CHECK(shares[3] == doctest::Approx(0.5).epsilon(0.05));

  std::vector<std::int64_t> sizes(100000, 1);
  sizes[77777] = 100000;  // as much as all others
  const SelectionFleet fleet(sizes);
  const auto candidates = fleet.all();
  int hits = 0;
  constexpr int kDraws = 400;
  for (int draw = 0; draw < kDraws; ++draw)
    hits += fleet.choose(*weighted, candidates, 1, draw).front() == 77777 ? 1 : 0;
  CHECK(std::abs(hits - kDraws / 2) <= 45);  // 4.5 standard deviations of 10
}

TEST_CASE("round robin goes round by client id, over those that are free") {
  const auto robin = selections().make("round_robin", ClientsConfig{});
  const SelectionFleet fleet(std::vector<std::int64_t>(10, 1));
  CHECK(fleet.choose(*robin, {{7}, {2}, {9}, {4}}, 2, 1) == Ids{2, 4});
  CHECK(fleet.choose(*robin, {{0}, {7}, {2}, {9}}, 1, 2) == Ids{7});
  CHECK(fleet.choose(*robin, {{1}, {0}, {2}, {7}}, 3, 3) == Ids{0, 1, 2});  // 8 and 9 are busy
  CHECK(robin->state() == NamedVectors{{"next", {3.0}}});
  CHECK(fleet.choose(*robin, {{2}, {1}}, 2, 4) == Ids{1, 2});
}

TEST_CASE("round robin gives every client the same number of jobs") {
  const auto robin = selections().make("round_robin", ClientsConfig{});
  const SelectionFleet fleet(std::vector<std::int64_t>(7, 1));
  std::vector<int> jobs(7, 0);
  for (std::uint64_t round = 0; round < 35; ++round) {
    for (const auto client : fleet.choose(*robin, fleet.all(), 3, round))
      ++jobs[client];
  }
  CHECK(jobs == std::vector<int>(7, 15));
}

TEST_CASE("power of choice takes the largest losses of those it draws, unknown ones first") {
  ClientsConfig config;
  config.power_d = 4;
  const auto power = selections().make("power_of_choice", config);
  const SelectionFleet fleet({1, 1, 1, 1});
  const auto observe = [&](std::uint32_t client, double loss) {
    power->observe(update_of(client, 0, loss, 1.0, 1));
  };
  observe(0, 2.0);
  observe(1, 3.0);
  observe(2, 1.0);
  CHECK(fleet.choose(*power, fleet.all(), 2, 1) == Ids{3, 1});  // 3 never reported
  observe(3, 2.5);
  CHECK(fleet.choose(*power, fleet.all(), 4, 2) == Ids{1, 3, 0, 2});
  observe(1, 0.5);  // the latest counts
  power->observe({{{2}, {9}}, {0}, std::nullopt, 1.0, 1, 0});
  CHECK(fleet.choose(*power, fleet.all(), 2, 3) == Ids{3, 0});
  CHECK(fleet.choose(*power, {{2}, {1}}, 1, 4) == Ids{2});
}

TEST_CASE("power of choice draws its candidates by examples") {
  ClientsConfig config;
  config.power_d = 1;
  const auto power = selections().make("power_of_choice", config);
  const auto shares = SelectionFleet({1, 3}).shares(*power, 20000);
  CHECK(shares[1] == doctest::Approx(0.75).epsilon(0.03));
  config.power_d = 0;
  CHECK_THROWS_AS(selections().make("power_of_choice", config), InputError);
}

TEST_CASE("uniform selection draws as it always did") {
  const auto uniform = selections().make("uniform", ClientsConfig{});
  const SelectionFleet fleet(std::vector<std::int64_t>(12, 1));
  // Golden event logs hang on these.
  CHECK(fleet.choose(*uniform, fleet.all(), 5, 3) == Ids{10, 7, 2, 8, 4});
  CHECK(fleet.choose(*uniform, fleet.all(), 1, 4) == Ids{0});
}

namespace {

/// A run as a selection sees it: rounds of choices, updates and losses, with time and versions.
class SelectionHistory {
 public:
  SelectionHistory(SelectionFleet fleet, std::uint64_t seed)
      : fleet_(std::move(fleet)), seed_(seed) {}

  Ids step(Selection& selection, std::uint64_t number) {
    Random random(seed_, Purpose::schedule_test, 0, number);
    fleet_.at = {number / 2};
    auto candidates = fleet_.all();
    random.shuffle(candidates);
    candidates.resize(1 + random.below(candidates.size()));
    const auto chosen =
        fleet_.choose(selection, candidates, 1 + random.below(candidates.size()), number);
    for (const auto client : chosen) {
      Outcome outcome = update_of(client, random.below(1 + number / 2), random.uniform(),
                                  1.0 + 9.0 * random.uniform(), fleet_.sizes[client]);
      if (random.bernoulli(0.2)) outcome.loss.reset();
      selection.observe(outcome);
    }
    return chosen;
  }

 private:
  SelectionFleet fleet_;
  std::uint64_t seed_;
};

}  // namespace

TEST_CASE("a restored selection goes on as the one it was") {
  for (const auto& name : selections().names()) {
    CAPTURE(name);
    CHECK(rc::check("equal choices after a restore", [&] {
      ClientsConfig config;
      config.power_d = *rc::gen::inRange(1, 8);
      config.oort.window = *rc::gen::inRange(1, 5);
      config.oort.most_picks = *rc::gen::element(0, 0, 3);
      config.oort.step_seconds = *rc::gen::element(0.0, 0.0, 2.0);
      const auto clients = *rc::gen::inRange<std::size_t>(1, 20);
      SelectionFleet fleet(std::vector<std::int64_t>(clients, 1));
      for (auto& size : fleet.sizes)
        size = *rc::gen::inRange<std::int64_t>(1, 50);
      for (auto& seconds : fleet.seconds)
        seconds = *rc::gen::inRange(1, 50);
      SelectionHistory history(fleet, *rc::gen::arbitrary<std::uint64_t>());
      const auto middle = *rc::gen::inRange<std::uint64_t>(0, 15);

      const auto original = selections().make(name, config);
      for (std::uint64_t i = 0; i < middle; ++i)
        history.step(*original, i);
      const auto restored = selections().make(name, config);
      restored->restore(original->state());
      for (std::uint64_t i = middle; i < middle + 15; ++i)
        RC_ASSERT(history.step(*original, i) == history.step(*restored, i));
      RC_ASSERT(original->state() == restored->state());
    }));
  }
}

TEST_CASE("a selection refuses the state of another one") {
  for (const auto& name : selections().names()) {
    CAPTURE(name);
    CHECK_THROWS_AS(selections().make(name, ClientsConfig{})->restore({{"velocity", {1.0}}}),
                    std::invalid_argument);
  }
}
