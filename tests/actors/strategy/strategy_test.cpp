#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "actors/strategy/fold/aggregator.hpp"
#include "actors/strategy/modes/policy.hpp"
#include "actors/strategy/modes/staleness.hpp"
#include "actors/strategy/selection/selection.hpp"
#include "tests/actors/fake_run.hpp"
#include "tests/actors/strategy/selection/selection_fleet.hpp"

using namespace lorafleet;
using namespace lorafleet::strategy;
using lorafleet::tests::flat_adapter;

namespace {

const auto kMakeSync = modes().at("sync").make;
const auto kMakeFedbuff = modes().at("fedbuff").make;
const auto kMakeFedasync = modes().at("fedasync").make;

}  // namespace

TEST_CASE("stale updates weigh what the papers' functions say") {
  const StalenessWeight constant({"constant", 3.0, 1.0});
  CHECK(constant(0) == 1.0);
  CHECK(constant(1000) == 1.0);

  const StalenessWeight fedbuff({"polynomial", 0.5, 0.0});
  CHECK(fedbuff(0) == 1.0);
  CHECK(fedbuff(3) == doctest::Approx(0.5));
  CHECK(fedbuff(15) == doctest::Approx(0.25));
  CHECK(StalenessWeight({"polynomial", 2.0, 0.0})(2) == doctest::Approx(1.0 / 9.0));

  const StalenessWeight hinge({"hinge", 10.0, 4.0});
  CHECK(hinge(4) == 1.0);
  CHECK(hinge(5) == doctest::Approx(1.0 / 11.0));
  CHECK(hinge(8) == doctest::Approx(1.0 / 41.0));
}

TEST_CASE("weights of staleness fall, from 1, and stay above 0") {
  CHECK(rc::check("s(0) = 1 and s does not rise", [] {
    const auto name = *rc::gen::elementOf(staleness_functions().names());
    const double a = *rc::gen::inRange(0, 40) * 0.1;
    const double b = *rc::gen::inRange(0, 10);
    const StalenessWeight s({name, a, b});
    RC_ASSERT(s(0) == 1.0);
    for (std::uint64_t tau = 0; tau < 50; ++tau) {
      RC_ASSERT(s(tau + 1) <= s(tau));
      RC_ASSERT(s(tau + 1) > 0.0);
    }
  }));
}

TEST_CASE("an unknown name is answered with the known ones") {
  const AggregationConfig config;
  CHECK_THROWS_WITH(lora_rules().make("fedti", config),
                    "aggregation.lora: \"fedti\" is not known; known: fedit, ffa, fedsa, rolora, "
                    "flora, fedex, hetlora, hlora, flexlora, product (did you mean \"fedit\"?)");
  CHECK_THROWS_AS(StalenessWeight({"polynomal", 1.0, 1.0}), InputError);
  CHECK_THROWS_AS(StalenessWeight({"polynomial", -1.0, 1.0}), InputError);
  CHECK_THROWS_AS(Weighting("example"), InputError);
  CHECK(modes().names() == std::vector<std::string>{"sync", "fedbuff", "fedasync", "tiered"});
}

TEST_CASE("options out of range are refused") {
  ClientsConfig clients;
  AggregationConfig config;
  const auto refuses = [&](auto&& make) { CHECK_THROWS_AS(make(clients, config), InputError); };
  clients.min_updates = 11;  // above per_round
  refuses(kMakeSync);
  clients = {};
  clients.overcommit = 0.9;
  refuses(kMakeSync);
  clients = {};
  clients.concurrency = 0;
  refuses(kMakeFedbuff);
  refuses(kMakeFedasync);
  clients = {};
  config.buffer_size = 0;
  refuses(kMakeFedbuff);
  config.alpha = 1.5;
  refuses(kMakeFedasync);
  config.server_lr = 0.0;
  CHECK_THROWS_AS(Aggregator{config}, InputError);
}

TEST_CASE("uniform selection gives different candidates, each equally often") {
  const auto uniform = selections().make("uniform", ClientsConfig{});
  const tests::SelectionFleet fleet(std::vector<std::int64_t>(30, 1));
  std::vector<sim::ClientId> candidates;
  for (std::uint32_t c = 0; c < 10; ++c)
    candidates.push_back({c * 3});
  std::map<std::uint32_t, int> first;
  std::map<std::uint32_t, int> chosen;
  constexpr int kDraws = 20000;
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto some = fleet.choose(*uniform, candidates, 4, static_cast<std::uint64_t>(draw));
    REQUIRE(std::set<std::uint32_t>(some.begin(), some.end()).size() == 4);
    ++first[some.front()];
    for (const std::uint32_t client : some)
      ++chosen[client];
  }
  for (const auto client : candidates) {
    CHECK(first[client.value] == doctest::Approx(0.1 * kDraws).epsilon(0.1));
    CHECK(chosen[client.value] == doctest::Approx(0.4 * kDraws).epsilon(0.05));
  }
  const auto all = fleet.choose(*uniform, candidates, 10, 0);
  CHECK(std::set<std::uint32_t>(all.begin(), all.end()).size() == 10);
}

TEST_CASE("sync weighs by examples, tokens or evenly, and the weights sum to one") {
  const std::vector<Contribution> updates{{1, 30, 0}, {3, 10, 0}};
  const auto weights = [&](const std::string& weighting) {
    AggregationConfig config;
    config.weighting = weighting;
    return kMakeSync({}, config)->weights(updates);
  };
  CHECK(weights("examples") == std::vector<double>{0.25, 0.75});
  CHECK(weights("tokens") == std::vector<double>{0.75, 0.25});
  CHECK(weights("uniform") == std::vector<double>{0.5, 0.5});
  CHECK(Weighting("tokens").normalised(std::vector<Contribution>{{1, 0, 0}, {1, 0, 0}}) ==
        std::vector<double>{0.5, 0.5});
}

TEST_CASE("fedbuff's weights are normalised before the staleness function") {
  AggregationConfig config;
  config.mode = "fedbuff";
  config.staleness = {"hinge", 1.0, 0.0};  // s(1) = 1/2, s(3) = 1/4
  config.weighting = "uniform";
  const std::vector<Contribution> updates{{1, 1, 0}, {3, 1, 1}, {4, 1, 3}, {8, 1, 0}};
  CHECK(kMakeFedbuff({}, config)->weights(updates) ==
        std::vector<double>{0.25, 0.125, 0.0625, 0.25});
  config.weighting = "examples";
  CHECK(kMakeFedbuff({}, config)->weights(updates) ==
        std::vector<double>{0.0625, 0.09375, 0.0625, 0.5});
  CHECK(kMakeFedbuff({}, config)->raw_weight(updates[1]) == 1.5);
}

TEST_CASE("fedbuff's weights sum to one over a fresh buffer, whatever is in it") {
  CHECK(rc::check("sum of p_i is 1", [] {
    AggregationConfig config;
    config.weighting = *rc::gen::element<std::string>("examples", "tokens", "uniform");
    std::vector<Contribution> updates;
    const auto count = *rc::gen::inRange(1, 30);
    for (int i = 0; i < count; ++i) {
      updates.push_back({*rc::gen::inRange(1, 1000), *rc::gen::inRange(1, 100000), 0});
    }
    const auto weights = kMakeFedbuff({}, config)->weights(updates);
    RC_ASSERT(std::abs(std::accumulate(weights.begin(), weights.end(), 0.0) - 1.0) < 1e-12);
  }));
}

TEST_CASE("fedasync's mixing weight is alpha s(tau) for each update") {
  AggregationConfig config;
  config.alpha = 0.6;
  config.staleness = {"hinge", 1.0, 0.0};
  const auto policy = kMakeFedasync({}, config);
  CHECK(policy->weights(std::vector<Contribution>{{9, 9, 0}, {1, 1, 1}}) ==
        std::vector<double>{0.6, 0.3});
}

TEST_CASE("ten by a tenth more are eleven invitations") {
  ClientsConfig clients;
  const AggregationConfig config;
  clients.overcommit = 1.1;
  const auto policy = kMakeSync(clients, config);
  CHECK(policy->invitations(0) == 11);
  CHECK(policy->invitations(3) == 0);
  clients.overcommit = 1.11;
  CHECK(kMakeSync(clients, config)->invitations(0) == 12);
}

TEST_CASE("a round takes the first in the order of arrival, client, seq") {
  ClientsConfig clients;
  clients.per_round = 2;
  const AggregationConfig config;
  // Handed out in another order than that of the clients; client 9 is lost.
  const std::vector<PlannedJob> jobs{{{{7}, {1}}, {50}, false},
                                     {{{9}, {2}}, {10}, true},
                                     {{{3}, {3}}, {50}, false},
                                     {{{5}, {4}}, {50}, false}};
  const auto round = kMakeSync(clients, config)->plan({0}, jobs);
  REQUIRE(round);
  CHECK(round->end == sim::VirtualTime{50});
  CHECK(round->fates ==
        std::vector<Fate>{Fate::surplus, Fate::surplus, Fate::counts, Fate::counts});
}

TEST_CASE("fedit averages the factors, from the anchor that the mode names") {
  AggregationConfig config;
  config.server_lr = 0.5;
  Aggregator aggregator(config);
  const auto current = flat_adapter(10.0f);
  // 10 + 0.5 (0.25 (14 - 10) + 0.75 (3 - 1))
  const auto next =
      aggregator
          .fold(*current, std::vector<FoldItem>{{flat_adapter(14.0f), current, 0.25, {}},
                                                {flat_adapter(3.0f), flat_adapter(1.0f), 0.75, {}}})
          .next;
  REQUIRE(next);
  CHECK(next->values == flat_adapter(11.25f)->values);
}

TEST_CASE("an average of equal adapters is that adapter, to the last bit") {
  const AggregationConfig config;
  Aggregator aggregator(config);
  const auto current = flat_adapter(0.1f);
  const auto same = flat_adapter(-1.7e-5f);
  const auto next = aggregator
                        .fold(*current, std::vector<FoldItem>{{same, current, 0.25, {}},
                                                              {same, current, 0.75, {}}})
                        .next;
  REQUIRE(next);
  CHECK(next->values == same->values);
}

TEST_CASE("a fold that is not finite gives nothing") {
  constexpr float kHuge = std::numeric_limits<float>::max();
  AggregationConfig config;
  config.server_lr = 2.0;
  Aggregator aggregator(config);
  const auto current = flat_adapter(0.0f);
  CHECK(!aggregator.fold(*current, std::vector<FoldItem>{{flat_adapter(kHuge), current, 1.0, {}}})
             .next);
  const auto nan = flat_adapter(std::numeric_limits<float>::quiet_NaN());
  CHECK(!aggregator.fold(*current, std::vector<FoldItem>{{nan, current, 1.0, {}}}).next);
}
