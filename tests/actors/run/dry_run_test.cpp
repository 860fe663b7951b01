#include "actors/run/dry_run.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <numeric>
#include <set>

#include "tests/actors/random_scenario.hpp"

using namespace lorafleet;
using namespace lorafleet::tests;

namespace {

actors::Schedule dry_run(const actors::FederationConfig& config, const actors::JobSizer& sizer) {
  actors::Learning learning;
  learning.client_examples.resize(static_cast<std::size_t>(config.partition.clients));
  learning.federation = {sizer, 0.0, flat_adapter(0.0f)};
  learning.devices = std::make_shared<const sim::Fleet>(config.devices, config.network,
                                                        learning.clients(), config.seed, 0.0);
  return actors::simulate_schedule(config, learning, [](const std::string&) {});
}

}  // namespace

TEST_CASE("an update that waits in the buffer at the stop counts as received, not as applied") {
  auto config = tiny_config(3);
  config.aggregation.mode = "fedbuff";
  config.aggregation.buffer_size = 2;
  config.stop.versions = 0;
  config.stop.virtual_seconds = 8.0;
  // Jobs take 4, 5 and 9 s: clients 0 and 1 make version 1 at 5 s, client 0 waits from 8 s on.
  const auto schedule = dry_run(config, sizes({1, 2, 6}));
  CHECK(schedule.totals.updates_received == 3);
  CHECK(schedule.totals.updates_applied == 2);
  CHECK(schedule.updates_by_tier == std::vector<std::int64_t>{2});
  CHECK(schedule.clients_used == 2);
  CHECK(schedule.clients == 3);
  CHECK(schedule.max_staleness == 1);
  CHECK(schedule.mean_staleness == 1.0 / 3.0);

  config.stop.virtual_seconds = 4.0;
  const auto early = dry_run(config, sizes({1, 2, 6}));
  CHECK(early.totals.updates_received == 1);
  CHECK(early.updates_by_tier == std::vector<std::int64_t>{0});
  CHECK(early.clients_used == 0);
}

TEST_CASE("a dry run foretells what a run with finite updates does") {
  CHECK(rc::check("versions, time, jobs, updates, staleness, clients", [] {
    const auto config = random_config();
    const auto schedule = dry_run(config, random_sizes());
    FakeRun run(config, random_sizes());
    run.run();
    const auto& dry = schedule.totals;
    const auto& real = run.totals();
    RC_ASSERT(dry.versions == real.versions);
    RC_ASSERT(dry.time == real.time);
    RC_ASSERT(dry.stop_reason == real.stop_reason);
    RC_ASSERT(dry.jobs == real.jobs);
    RC_ASSERT(dry.updates_received == real.updates_received);
    RC_ASSERT(dry.updates_applied == real.updates_applied);
    RC_ASSERT(dry.train_tokens == real.train_tokens);
    RC_ASSERT(dry.bytes_up == real.bytes_up);
    const auto& by_tier = schedule.updates_by_tier;
    RC_ASSERT(std::accumulate(by_tier.begin(), by_tier.end(), std::int64_t{0}) ==
              real.updates_applied);

    std::set<sim::ClientId> waiting;
    std::set<sim::ClientId> used;
    std::uint64_t most = 0;
    for (const auto& event : run.events) {
      if (const auto* arrived = std::get_if<actors::UpdateArrived>(&event.what)) {
        waiting.insert(arrived->id.client);
        most = std::max(most, arrived->staleness);
      } else if (std::holds_alternative<actors::VersionMade>(event.what)) {
        used.merge(waiting);
        waiting.clear();
      }
    }
    RC_ASSERT(schedule.clients_used == static_cast<std::int64_t>(used.size()));
    RC_ASSERT(schedule.max_staleness == most);
  }));
}
