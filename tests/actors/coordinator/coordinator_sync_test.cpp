#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "partition/support/error.hpp"
#include "tests/actors/fake_run.hpp"

using namespace lorafleet;
using namespace lorafleet::tests;
using Story = std::vector<std::string>;

namespace {

/// Three clients whose jobs take 4, 5 and 8 s.
const std::vector<std::int64_t> kSyncTokens{1, 2, 5};

actors::FederationConfig three_clients() {
  auto config = tiny_config(3);
  config.stop.versions = 1;
  return config;
}

}  // namespace

TEST_CASE("a round lasts as long as its slowest client") {
  auto config = three_clients();
  config.stop.versions = 2;
  FakeRun run(config, sizes(kSyncTokens));
  run.run();
  CHECK(run.story() == Story{"4.0 a0 tau0", "5.0 a1 tau0", "8.0 a2 tau0", "8.0 v1 of 3",
                             "12.0 a0 tau0", "13.0 a1 tau0", "16.0 a2 tau0", "16.0 v2 of 3",
                             "16.0 s versions"});
  CHECK(run.value() == 4.0f);  // twice (1 + 2 + 3) / 3
  CHECK(run.published.size() == 3);
  const auto& totals = run.totals();
  CHECK(totals.versions == 2);
  CHECK(totals.jobs == 6);
  CHECK(totals.updates_applied == 6);
  CHECK(totals.train_tokens == 16);
  CHECK(totals.bytes_down == 6 * 32);
  CHECK(totals.bytes_up == 6 * 32);
  CHECK(totals.time.microseconds == 16'000'000);
  CHECK(totals.stop_reason == "versions");
}

TEST_CASE("sync weighs the clients by their examples") {
  auto config = three_clients();
  config.aggregation.weighting = "examples";
  config.aggregation.server_lr = 0.5;
  FakeRun run(config, sizes(kSyncTokens));
  run.run();
  // Client c has c + 1 examples and moves by c + 1: 0.5 (1*1 + 2*2 + 3*3) / 6.
  CHECK(run.value() == static_cast<float>(7.0 / 6.0));
}

TEST_CASE("the clock waits for an update that is still being trained") {
  FakeRun run(three_clients(), sizes(kSyncTokens));
  run.coordinator().start();
  REQUIRE(run.pending.size() == 3);
  // The first to arrive is answered last.
  std::sort(run.pending.begin(), run.pending.end(),
            [](const auto& a, const auto& b) { return a.id.client > b.id.client; });
  run.deliver_at(0);
  run.deliver_at(0);
  CHECK(run.story().empty());
  CHECK(run.totals().time.microseconds == 0);
  CHECK(in_flight(run.coordinator()) == 3);
  run.deliver_at(0);
  CHECK(run.coordinator().finished());
  CHECK(in_flight(run.coordinator()) == 0);
}

TEST_CASE("overcommitted clients that come after the others are not trained") {
  auto config = three_clients();
  config.clients.per_round = 2;
  config.clients.overcommit = 1.5;
  config.stop.versions = 2;
  FakeRun run(config, sizes(kSyncTokens));
  run.run();
  CHECK(run.story() == Story{"4.0 a0 tau0", "5.0 a1 tau0", "5.0 l2 surplus", "5.0 v1 of 2",
                             "9.0 a0 tau0", "10.0 a1 tau0", "10.0 l2 surplus", "10.0 v2 of 2",
                             "10.0 s versions"});
  CHECK(run.trainings == 4);
  CHECK(run.totals().jobs == 6);
  CHECK(run.totals().updates_dropped == 2);
  for (const auto& event : run.events) {
    if (const auto* job = std::get_if<actors::JobDispatched>(&event.what)) {
      CHECK(job->trained == (job->id.client.value != 2));
    }
  }
}

TEST_CASE("of equal arrivals beyond the wanted number the later client is surplus") {
  auto config = three_clients();
  config.clients.per_round = 2;
  config.clients.overcommit = 1.5;
  FakeRun run(config, sizes({2, 2, 2}));
  run.run();
  CHECK(run.story() ==
        Story{"5.0 a0 tau0", "5.0 a1 tau0", "5.0 l2 surplus", "5.0 v1 of 2", "5.0 s versions"});
}

TEST_CASE("a round ends at its deadline when it is not full") {
  auto config = three_clients();
  config.clients.deadline_seconds = 6.0;
  config.stop.versions = 2;
  FakeRun run(config, sizes(kSyncTokens));
  run.run();
  CHECK(run.story() == Story{"4.0 a0 tau0", "5.0 a1 tau0", "6.0 l2 late", "6.0 v1 of 2",
                             "10.0 a0 tau0", "11.0 a1 tau0", "12.0 l2 late", "12.0 v2 of 2",
                             "12.0 s versions"});
  CHECK(run.trainings == 4);
}

TEST_CASE("an arrival at the very deadline counts") {
  auto config = three_clients();
  config.clients.deadline_seconds = 8.0;
  FakeRun run(config, sizes(kSyncTokens));
  run.run();
  CHECK(run.story().at(3) == "8.0 v1 of 3");
}

TEST_CASE("a round with too few updates fails at its deadline, and nobody is trained for it") {
  auto config = three_clients();
  config.clients.deadline_seconds = 4.5;
  config.clients.min_updates = 2;
  config.stop.virtual_seconds = 9.5;
  FakeRun run(config, sizes(kSyncTokens));
  run.run();
  const Story story = run.story();
  REQUIRE(story.size() == 9);
  CHECK(std::count(story.begin(), story.end(), "4.5 l0 round_failed") == 1);
  CHECK(std::count(story.begin(), story.end(), "4.5 l1 late") == 1);
  CHECK(std::count(story.begin(), story.end(), "4.5 l2 late") == 1);
  CHECK(story.at(3) == "4.5 f1 of 1");
  CHECK(story.at(7) == "9.0 f1 of 1");
  CHECK(story.at(8) == "9.5 s virtual_seconds");
  CHECK(run.trainings == 0);
  CHECK(run.totals().rounds_failed == 2);
  CHECK(run.totals().versions == 0);
  CHECK(run.totals().updates_dropped == 6);
  CHECK(run.totals().jobs_in_flight_at_end == 3);
}

TEST_CASE("a round that would end after the virtual time of the run is not trained") {
  auto config = three_clients();
  config.stop.versions = 0;
  config.stop.virtual_seconds = 14.0;
  FakeRun run(config, sizes(kSyncTokens));
  run.run();
  // Clients 0 and 1 would come again at 12 and 13 s, but the second round would end at 16 s.
  CHECK(run.story() == Story{"4.0 a0 tau0", "5.0 a1 tau0", "8.0 a2 tau0", "8.0 v1 of 3",
                             "14.0 s virtual_seconds"});
  CHECK(run.trainings == 3);
  CHECK(run.totals().jobs == 6);
  CHECK(run.totals().updates_received == 3);
  CHECK(run.totals().updates_dropped == 0);
  CHECK(run.totals().jobs_in_flight_at_end == 3);

  config.stop.virtual_seconds = 16.0;
  FakeRun whole(config, sizes(kSyncTokens));
  whole.run();
  CHECK(whole.totals().versions == 2);
  CHECK(whole.trainings == 6);
}

TEST_CASE("a hundred failed rounds in a row stop the run") {
  auto config = three_clients();
  config.clients.deadline_seconds = 1.0;
  FakeRun run(config, sizes(kSyncTokens));
  run.run();
  CHECK(run.totals().stop_reason == "no_progress");
  CHECK(run.totals().rounds_failed == 100);
  CHECK(run.totals().time.microseconds == 100'000'000);
  CHECK(run.totals().jobs == run.totals().updates_dropped);
}

TEST_CASE("a round that loses all its clients fails when the last loss is known") {
  auto config = three_clients();
  config.availability.drop_probability = 1.0 - 1e-15;
  FakeRun run(config, sizes(kSyncTokens));
  run.run();
  CHECK(run.totals().stop_reason == "no_progress");
  CHECK(run.totals().rounds_failed == 100);
  sim::VirtualTime last_loss;
  for (const auto& event : run.events) {
    if (const auto* lost = std::get_if<actors::UpdateLost>(&event.what)) {
      CHECK(lost->reason == "dropped_out");
      last_loss = event.time;
    } else if (std::holds_alternative<actors::RoundFailed>(event.what)) {
      CHECK(event.time == last_loss);
    }
  }
}

TEST_CASE("a round without a deadline goes on with those who are not lost") {
  auto config = tiny_config(8);
  config.availability.drop_probability = 0.4;
  config.stop.versions = 30;
  FakeRun run(config, sizes({1, 2, 5}));
  run.run();
  CHECK(run.totals().versions == 30);
  std::int64_t lost = 0;
  std::int64_t arrived = 0;
  for (const auto& event : run.events) {
    if (const auto* loss = std::get_if<actors::UpdateLost>(&event.what)) {
      CHECK(loss->reason == "dropped_out");
      ++lost;
    } else if (std::holds_alternative<actors::UpdateArrived>(event.what)) {
      ++arrived;
    } else if (const auto* made = std::get_if<actors::VersionMade>(&event.what)) {
      CHECK(made->updates == arrived);
      CHECK(lost + arrived == 8);
      lost = arrived = 0;
    }
  }
}

TEST_CASE("a round goes on without an update that is not finite") {
  auto config = three_clients();
  FakeRun run(config, sizes(kSyncTokens));
  run.training = [](const actors::TrainRequest& job, std::size_t index) {
    if (job.id.client.value == 1 && index == 7) return std::numeric_limits<float>::quiet_NaN();
    return static_cast<float>(job.id.client.value + 1);
  };
  run.run();
  CHECK(run.story() == Story{"4.0 a0 tau0", "5.0 a1 tau0", "5.0 l1 not_finite", "8.0 a2 tau0",
                             "8.0 v1 of 2", "8.0 s versions"});
  CHECK(run.value() == 2.0f);
  CHECK(run.totals().updates_received == 3);
  CHECK(run.totals().updates_applied == 2);
  CHECK(run.totals().updates_not_finite == 1);
  CHECK(run.totals().updates_dropped == 1);
}

TEST_CASE("a round fails that has too few finite updates left") {
  auto config = three_clients();
  config.clients.min_updates = 3;
  FakeRun run(config, sizes(kSyncTokens));
  run.training = [](const actors::TrainRequest& job, std::size_t) {
    return job.id.seq.value <= 3 && job.id.client.value == 1
               ? std::numeric_limits<float>::infinity()
               : 1.0f;
  };
  run.run();
  CHECK(run.story() == Story{"4.0 a0 tau0", "5.0 a1 tau0", "5.0 l1 not_finite", "8.0 a2 tau0",
                             "8.0 l0 round_failed", "8.0 l2 round_failed", "8.0 f1 of 2",
                             "12.0 a0 tau0", "13.0 a1 tau0", "16.0 a2 tau0", "16.0 v1 of 3",
                             "16.0 s versions"});
}

TEST_CASE("a fleet that is smaller than a round is invited whole") {
  auto config = three_clients();
  config.clients.per_round = 10;
  config.clients.overcommit = 1.3;
  config.clients.deadline_seconds = 60.0;
  FakeRun run(config, sizes(kSyncTokens));
  run.run();
  CHECK(run.story().at(3) == "8.0 v1 of 3");
}

TEST_CASE("clients without examples are never invited") {
  auto config = tiny_config(4);
  config.stop.versions = 5;
  const actors::JobSizer some = [](sim::JobId job) {
    return model::JobSize{job.client.value % 2, 10};
  };
  FakeRun run(config, some);
  run.run();
  CHECK(run.totals().jobs == 10);
  for (const auto& event : run.events) {
    if (const auto* job = std::get_if<actors::JobDispatched>(&event.what)) {
      CHECK(job->id.client.value % 2 == 1);
    }
  }
  config.clients.min_updates = 3;
  CHECK_THROWS_AS(FakeRun(config, some), InputError);
  config.clients.min_updates = 1;
  CHECK_THROWS_AS(FakeRun(config, [](sim::JobId) { return model::JobSize{0, 0}; }), InputError);
}

TEST_CASE("configurations that cannot run are refused") {
  const auto refuses = [](auto change) {
    auto config = tiny_config(3);
    change(config);
    CHECK_THROWS_AS(FakeRun(config, sizes({1})), InputError);
  };
  refuses([](auto& c) { c.stop.versions = 0; });
  refuses([](auto& c) { c.stop.virtual_seconds = -1.0; });
  refuses([](auto& c) { c.partition.clients = 0; });
  refuses([](auto& c) { c.aggregation.mode = "asynchronous"; });
  refuses([](auto& c) { c.aggregation.max_staleness = -2; });
  refuses([](auto& c) { c.availability.drop_probability = 1.1; });
  refuses([](auto& c) { c.clients.selection = "nobody"; });
}
