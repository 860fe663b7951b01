#include <doctest/doctest.h>

#include <cstdlib>

#include "partition/support/files.hpp"
#include "tests/actors/fake_run.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::tests;

namespace {

/// Twelve clients in two tiers, losses, jitter and one NaN; trained by a formula. Only operations
/// that IEEE 754 rounds exactly, so the bytes are the same on every machine.
actors::FederationConfig scenario(const std::string& mode) {
  auto config = tiny_config(12);
  config.seed = 2026;
  config.devices.tiers.push_back(config.devices.tiers.front());
  config.devices.tiers[1].tokens_per_second = sim::Distribution::constant(4.0);
  config.devices.jitter = sim::Distribution::uniform(0.75, 1.5);
  config.availability.drop_probability = 0.2;
  config.clients.per_round = 4;
  config.clients.overcommit = 1.5;
  config.clients.deadline_seconds = 14.0;
  config.clients.min_updates = 3;
  config.clients.concurrency = 5;
  config.aggregation.mode = mode;
  config.aggregation.weighting = "examples";
  config.aggregation.buffer_size = 3;
  config.aggregation.staleness = {"hinge", 1.0, 1.0};
  config.aggregation.max_staleness = 1;
  config.stop.versions = 6;
  return config;
}

}  // namespace

/// After an intended change: LORAFLEET_UPDATE_GOLDEN=1 test_actors --source-file=*golden_events*
TEST_CASE("the event logs of a tiny scenario are byte for byte the golden ones") {
  for (const std::string mode : {"sync", "fedbuff", "fedasync", "tiered"}) {
    CAPTURE(mode);
    FakeRun run(scenario(mode), sizes({8, 20, 12, 36, 4}));
    run.training = [](const actors::TrainRequest& job, std::size_t index) {
      if (job.id.seq.value == 9) return std::numeric_limits<float>::quiet_NaN();
      return job.adapter->values[index] * 0.5f +
             static_cast<float>(job.id.client.value + index) * 0.125f;
    };
    run.run_shuffled(7);
    CHECK(run.totals().stop_reason == "versions");
    const auto path = golden_folder() / "events" / (mode + ".jsonl");
    if (std::getenv("LORAFLEET_UPDATE_GOLDEN") != nullptr) write_file(path, run.log());
    CHECK(run.log() == read_file(path));
  }
}
