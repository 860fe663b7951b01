#include "actors/run/client_limits.hpp"

#include <doctest/doctest.h>

#include "partition/support/error.hpp"
#include "tests/actors/fake_run.hpp"

using namespace lorafleet;
using namespace lorafleet::tests;

namespace {

std::string refusal(const actors::FederationConfig& config, std::size_t clients) {
  try {
    actors::check_client_limits(config, clients);
    return {};
  } catch (const InputError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("as many clients as there are may be in flight, and no more") {
  auto config = tiny_config(100);
  config.clients.per_round = 50;
  config.clients.concurrency = 9;
  for (const std::string mode : {"fedbuff", "fedasync"}) {
    config.aggregation.mode = mode;
    CHECK(refusal(config, 9).empty());
    CHECK(refusal(config, 8) ==
          "clients.concurrency: 9 clients cannot be in flight; allowed: at most 8, the clients "
          "that the data gives");
  }
}

TEST_CASE("as many clients as there are may be in a cohort, overcommit included") {
  auto config = tiny_config(100);
  config.clients.concurrency = 50;
  config.clients.per_round = 10;
  config.clients.overcommit = 1.1;
  CHECK(refusal(config, 11).empty());
  CHECK(refusal(config, 10) ==
        "clients.per_round: with clients.overcommit, 11 clients would be invited; allowed: at most "
        "10, the clients that the data gives");
  CHECK(refusal(config, 9) ==
        "clients.per_round: 10 clients cannot be picked; allowed: at most 9, the clients that the "
        "data gives");
}

TEST_CASE("a cohort of a tier is limited by the tier") {
  auto config = tiny_config(100);
  config.aggregation.mode = "tiered";
  config.aggregation.tiers = 3;
  config.clients.per_round = 4;
  CHECK(refusal(config, 12).empty());
  CHECK(refusal(config, 11) ==
        "clients.per_round: 4 clients cannot be picked; allowed: at most 3, a tier's share of 11, "
        "the clients that the data gives");
  config.clients.overcommit = 1.25;
  CHECK(refusal(config, 15).empty());
  CHECK(refusal(config, 14) ==
        "clients.per_round: with clients.overcommit, 5 clients would be invited; allowed: at most "
        "4, a tier's share of 14, the clients that the data gives");
}
