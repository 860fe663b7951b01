#include <doctest/doctest.h>

#include "tests/actors/fake_run.hpp"

using namespace lorafleet;
using namespace lorafleet::tests;

// Jobs of n tokens take n + 3 s; client c trains w_base + (c + 1).

TEST_CASE("with carry_over a late update is folded in the round in which it arrives") {
  auto config = tiny_config(3);
  config.clients.per_round = 2;
  config.clients.overcommit = 1.5;  // three invited, two wanted
  config.clients.late = "carry_over";
  config.aggregation.staleness = {"polynomial", 1.0, 0.0};  // s(1) = 1/2
  config.stop.versions = 3;
  // Clients 0 and 1 arrive after 4 and 5 s, client 2 after 12 s.
  FakeRun run(config, sizes({1, 2, 9}));
  run.run();
  const std::vector<std::string> expected = {
      "4.0 a0 tau0",  "5.0 a1 tau0",  "5.0 v1 of 2",   // (1 + 2) / 2 = 1.5
      "9.0 a0 tau0",  "10.0 a1 tau0", "10.0 v2 of 2",  // + 1.5 = 3
      "12.0 a2 tau2",                                  // from version 0: changes by 3
      "14.0 a0 tau0", "15.0 a1 tau0", "15.0 v3 of 3", "15.0 s versions"};
  CHECK(run.story() == expected);
  // Weights 1, 1 and s(2) = 1/3, normalised: (1 + 2 + 3/3) / (7/3).
  CHECK(run.value() == doctest::Approx(3.0 + 4.0 / (7.0 / 3.0)));
  CHECK(run.totals().updates_dropped == 0);
}

TEST_CASE("with drop the same late update is told to stop at the end of the round") {
  auto config = tiny_config(3);
  config.clients.per_round = 2;
  config.clients.overcommit = 1.5;
  config.stop.versions = 1;
  FakeRun run(config, sizes({1, 2, 9}));
  run.run();
  CHECK(run.story() == std::vector<std::string>{"4.0 a0 tau0", "5.0 a1 tau0", "5.0 l2 surplus",
                                                "5.0 v1 of 2", "5.0 s versions"});
}

TEST_CASE("tiers work at their own pace, and slower ones weigh by the faster one's versions") {
  auto config = tiny_config(4);
  config.aggregation.mode = "tiered";
  config.aggregation.tiers = 2;
  config.clients.per_round = 2;
  config.stop.versions = 3;
  // Clients 0 and 1 take 4 and 5 s, clients 2 and 3 take 12 and 13 s.
  FakeRun run(config, sizes({1, 2, 9, 10}));
  run.run();
  CHECK(run.story() == std::vector<std::string>{"4.0 a0 tau0", "5.0 a1 tau0", "5.0 v1 of 2",
                                                "9.0 a0 tau0", "10.0 a1 tau0", "10.0 v2 of 2",
                                                "12.0 a2 tau2", "13.0 a3 tau2", "13.0 v3 of 2",
                                                "13.0 s versions"});
  // Counts from 1. Version 1: T = (2, 1), so tier 0 weighs 1/3 and the initial adapter 2/3.
  const double first = 1.5 / 3.0;
  CHECK(run.published[1]->values[0] == doctest::Approx(first));
  // Version 2: T = (3, 1): 1/4 of first + 1.5, and 3/4 of the initial adapter.
  const double second = (first + 1.5) / 4.0;
  CHECK(run.published[2]->values[0] == doctest::Approx(second));
  // Version 3: T = (3, 2): tier 0's latest, first + 1.5, weighs 2/5, tier 1's 3.5 weighs 3/5.
  CHECK(run.published[3]->values[0] == doctest::Approx(0.4 * (first + 1.5) + 0.6 * 3.5));
}

TEST_CASE("a server waits for clients to come online, and loses those that leave") {
  auto config = tiny_config(2);
  config.aggregation.mode = "fedasync";
  config.aggregation.alpha = 1.0;
  config.clients.concurrency = 2;
  config.stop.versions = 2;
  // Everybody is away for the first 10 s, and again from 17 s on.
  config.availability.outages = {{"", 1.0, 0.0, 10.0, 0.0, 0.0, 0.0},
                                 {"", 1.0, 17.0, 8.0, 0.0, 0.0, 0.0}};
  FakeRun run(config, sizes({1, 9}));  // 4 s and 12 s
  run.run();
  CHECK(run.story() == std::vector<std::string>{"14.0 a0 tau0", "14.0 v1 of 1", "17.0 l0 outage",
                                                "17.0 l1 outage", "29.0 a0 tau0", "29.0 v2 of 1",
                                                "29.0 s versions"});
}

TEST_CASE("with model bernoulli only clients that answer are invited") {
  auto config = tiny_config(40);
  config.availability.model = "bernoulli";
  config.availability.probability = 0.25;
  config.clients.per_round = 5;
  config.stop.versions = 20;
  FakeRun run(config, sizes({1}));
  run.run();
  CHECK(run.totals().stop_reason == "versions");
  CHECK(run.totals().updates_applied == 100);
  config.availability.probability = 1e-9;
  config.stop.versions = 0;
  config.stop.virtual_seconds = 600.0;
  FakeRun silent(config, sizes({1}));
  silent.run();
  CHECK(silent.totals().jobs == 0);
  CHECK(silent.totals().stop_reason == "virtual_seconds");
}

TEST_CASE("a target ends the run with the version that reached it") {
  auto config = tiny_config(2);
  config.stop.target_perplexity = 5.0;
  config.evaluation.every_versions = 2;
  FakeRun run(config, sizes({1}));
  run.coordinator().start();
  run.deliver_all();
  CHECK(run.totals().versions == 0);  // the clock waits for the first score
  run.coordinator().score({0}, 9.0);
  run.deliver_all();
  CHECK(run.totals().versions == 2);
  CHECK_FALSE(run.coordinator().finished());
  run.coordinator().score({2}, 5.0);
  CHECK(run.totals().stop_reason == "target");
  CHECK(run.totals().versions == 2);
}
