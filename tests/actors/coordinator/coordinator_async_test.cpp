#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "tests/actors/fake_run.hpp"

using namespace lorafleet;
using namespace lorafleet::tests;
using Story = std::vector<std::string>;

namespace {

/// Three clients whose jobs take 4, 5 and 8 s, all in flight at all times; s(tau) = 1 / (tau + 1).
actors::FederationConfig three_clients(const std::string& mode) {
  auto config = tiny_config(3);
  config.aggregation.mode = mode;
  config.aggregation.staleness = {"hinge", 1.0, 0.0};
  return config;
}
const std::vector<std::int64_t> kAsyncTokens{1, 2, 5};

}  // namespace

TEST_CASE("fedbuff folds each second update, with the staleness it had at its arrival") {
  auto config = three_clients("fedbuff");
  config.aggregation.buffer_size = 2;
  config.stop.versions = 3;
  FakeRun run(config, sizes(kAsyncTokens));
  run.run();
  // Client 0 arrives before client 2 at 8 s, so it leaves again with version 1, not 2.
  CHECK(run.story() == Story{"4.0 a0 tau0", "5.0 a1 tau0", "5.0 v1 of 2", "8.0 a0 tau1",
                             "8.0 a2 tau1", "8.0 v2 of 2", "10.0 a1 tau1", "12.0 a0 tau1",
                             "12.0 v3 of 2", "12.0 s versions"});
  REQUIRE(run.published.size() == 4);
  CHECK(run.published[1]->values.front() == 1.5f);   // (1 + 2) / 2
  CHECK(run.published[2]->values.front() == 2.5f);   // + (1/2 + 3/2) / 2
  CHECK(run.published[3]->values.front() == 3.25f);  // + (2/2 + 1/2) / 2
  CHECK(run.totals().updates_applied == 6);
  CHECK(run.totals().jobs == 8);
  CHECK(run.totals().updates_dropped == 0);
  CHECK(run.totals().jobs_in_flight_at_end == 2);
}

TEST_CASE("fedbuff measures an update from the version that it was trained from") {
  auto config = three_clients("fedbuff");
  config.aggregation.buffer_size = 1;
  config.aggregation.staleness.fn = "constant";
  config.stop.versions = 4;
  FakeRun run(config, sizes(kAsyncTokens));
  run.run();
  CHECK(run.value() == 1.0f + 2.0f + 1.0f + 3.0f);
}

TEST_CASE("fedbuff weighs by examples inside the buffer") {
  auto config = three_clients("fedbuff");
  config.aggregation.buffer_size = 2;
  config.aggregation.weighting = "examples";
  config.stop.versions = 1;
  FakeRun run(config, sizes(kAsyncTokens));
  run.run();
  CHECK(run.value() == static_cast<float>(1.0 / 3.0 + 4.0 / 3.0));
}

TEST_CASE("fedasync makes a version of each update") {
  auto config = three_clients("fedasync");
  config.aggregation.alpha = 0.5;
  config.stop.versions = 4;
  FakeRun run(config, sizes(kAsyncTokens));
  run.run();
  // Client 0 left again at 4 s with version 1, so only one version was made meanwhile.
  CHECK(run.story() == Story{"4.0 a0 tau0", "4.0 v1 of 1", "5.0 a1 tau1", "5.0 v2 of 1",
                             "8.0 a0 tau1", "8.0 v3 of 1", "8.0 a2 tau3", "8.0 v4 of 1",
                             "8.0 s versions"});
  REQUIRE(run.published.size() == 5);
  CHECK(run.published[1]->values.front() == 0.5f);         // a = 1/2 of the way to 1
  CHECK(run.published[2]->values.front() == 0.875f);       // a = 1/4 to 2
  CHECK(run.published[3]->values.front() == 1.03125f);     // a = 1/4 to 0.5 + 1
  CHECK(run.published[4]->values.front() == 1.27734375f);  // a = 1/8 to 3
}

TEST_CASE("fedasync's mixing factor is not cumulative") {
  auto config = tiny_config(1);
  config.aggregation.mode = "fedasync";
  config.aggregation.alpha = 0.5;
  config.stop.versions = 6;
  FakeRun run(config, sizes({1}));
  run.training = [](const actors::TrainRequest&, std::size_t) { return 1.0f; };
  run.run();
  REQUIRE(run.published.size() == 7);
  for (int v = 0; v <= 6; ++v) {
    CHECK(run.published[static_cast<std::size_t>(v)]->values.front() ==
          1.0f - std::pow(0.5f, static_cast<float>(v)));
  }
}

TEST_CASE("updates that grow too stale are given up at once, but their clients stay busy") {
  auto config = three_clients("fedasync");
  config.aggregation.max_staleness = 1;
  config.stop.versions = 5;
  FakeRun run(config, sizes(kAsyncTokens));
  run.coordinator().start();
  // Client 2 never answers: the run does not wait for it.
  for (;;) {
    const auto next = std::find_if(run.pending.begin(), run.pending.end(),
                                   [](const auto& job) { return job.id.client.value != 2; });
    if (next == run.pending.end()) break;
    run.deliver_at(static_cast<std::size_t>(next - run.pending.begin()));
  }
  CHECK(run.story() == Story{"4.0 a0 tau0", "4.0 v1 of 1", "5.0 a1 tau1", "5.0 v2 of 1",
                             "8.0 a0 tau1", "8.0 v3 of 1", "8.0 l2 too_stale", "10.0 a1 tau1",
                             "10.0 v4 of 1", "12.0 a0 tau1", "12.0 v5 of 1", "12.0 s versions"});
  std::vector<std::int64_t> invited;
  for (const auto& event : run.events) {
    const auto* job = std::get_if<actors::JobDispatched>(&event.what);
    if (job != nullptr && job->id.client.value == 2) invited.push_back(event.time.microseconds);
  }
  CHECK(invited == std::vector<std::int64_t>{0, 8'000'000});
  // Given up when version 2 is there, before its arrival.
  const auto seq = std::find_if(run.pending.begin(), run.pending.end(), [](const auto& job) {
                     return job.version.value == 0;
                   })->id.seq;
  const auto abandoned = run.effects.find("abandon 2 " + std::to_string(seq.value) + "\n");
  REQUIRE(abandoned != std::string::npos);
  CHECK(abandoned < run.effects.find("publish 3 "));
  CHECK(run.totals().updates_received == 5);
  // Its answers, now that they come, change nothing.
  const auto effects = run.effects;
  run.deliver_all();
  CHECK(run.effects == effects);
}

TEST_CASE("a lost job is noticed at its time, and another client is invited at once") {
  auto config = tiny_config(6);
  config.aggregation.mode = "fedbuff";
  config.clients.concurrency = 3;
  config.availability.drop_probability = 0.5;
  config.stop.versions = 10;
  FakeRun run(config, sizes(kAsyncTokens));
  run.run();
  CHECK(run.totals().stop_reason == "versions");
  std::map<sim::Sequence, sim::VirtualTime> ends;
  std::int64_t in_flight = 0;
  int losses = 0;
  for (std::size_t i = 0; i < run.events.size(); ++i) {
    const auto& event = run.events[i];
    if (const auto* job = std::get_if<actors::JobDispatched>(&event.what)) {
      ends[job->id.seq] = job->arrival;
      ++in_flight;
      CHECK(in_flight <= 3);
    } else if (const auto* lost = std::get_if<actors::UpdateLost>(&event.what)) {
      CHECK(lost->reason == "dropped_out");
      CHECK(event.time == ends.at(lost->id.seq));
      --in_flight;
      ++losses;
      REQUIRE(i + 1 < run.events.size());
      CHECK(std::holds_alternative<actors::JobDispatched>(run.events[i + 1].what));
      CHECK(run.events[i + 1].time == event.time);
    } else if (std::holds_alternative<actors::UpdateArrived>(event.what)) {
      --in_flight;
    }
  }
  CHECK(losses > 5);
}

TEST_CASE("updates that are not finite are refused and counted") {
  auto config = three_clients("fedbuff");
  config.aggregation.buffer_size = 2;
  config.stop.versions = 1;
  FakeRun run(config, sizes(kAsyncTokens));
  run.training = [](const actors::TrainRequest& job, std::size_t) {
    return job.id.client.value == 0 ? -std::numeric_limits<float>::infinity() : 1.0f;
  };
  run.run();
  CHECK(run.story() == Story{"4.0 a0 tau0", "4.0 l0 not_finite", "5.0 a1 tau0", "8.0 a0 tau0",
                             "8.0 l0 not_finite", "8.0 a2 tau0", "8.0 v1 of 2", "8.0 s versions"});
  CHECK(run.value() == 1.0f);
  CHECK(run.totals().updates_not_finite == 2);
  CHECK(run.log().find("\"norm\":null") != std::string::npos);
}

TEST_CASE("a fold that overflows drops its updates and leaves the adapter as it was") {
  auto config = tiny_config(1);
  config.aggregation.mode = "fedbuff";
  config.aggregation.buffer_size = 2;
  config.aggregation.server_lr = 4.0;
  config.stop.versions = 1;
  FakeRun run(config, sizes({1}));
  run.training = [](const actors::TrainRequest& job, std::size_t) {
    return job.id.seq.value <= 2 ? std::numeric_limits<float>::max() : 1.0f;
  };
  run.run();
  CHECK(run.story() == Story{"4.0 a0 tau0", "8.0 a0 tau0", "8.0 l0 not_finite", "8.0 l0 not_finite",
                             "12.0 a0 tau0", "16.0 a0 tau0", "16.0 v1 of 2", "16.0 s versions"});
  CHECK(run.value() == 4.0f);
  CHECK(run.totals().updates_not_finite == 2);
  CHECK(run.totals().updates_dropped == 2);
  CHECK(run.totals().updates_received == 4);
}

TEST_CASE("a hundred folds in a row that overflow stop the run") {
  for (const std::string mode : {"fedbuff", "fedasync"}) {
    CAPTURE(mode);
    auto config = three_clients(mode);
    config.aggregation.buffer_size = 2;
    config.aggregation.server_lr = 1e40;
    FakeRun run(config, sizes(kAsyncTokens));
    run.run();
    CHECK(run.totals().stop_reason == "no_progress");
    CHECK(run.totals().versions == 0);
    CHECK(run.totals().updates_received == (mode == "fedbuff" ? 200 : 100));
    CHECK(run.totals().updates_not_finite == run.totals().updates_received);
    CHECK(run.totals().updates_dropped == run.totals().updates_received);
    CHECK(run.totals().jobs == run.totals().updates_dropped + run.totals().jobs_in_flight_at_end);
    CHECK(run.value() == 0.0f);
  }
}

TEST_CASE("a version that is made ends the row of folds that overflow") {
  auto config = tiny_config(1);
  config.aggregation.mode = "fedbuff";
  config.aggregation.buffer_size = 1;
  config.aggregation.server_lr = 4.0;
  config.stop.versions = 3;
  FakeRun run(config, sizes({1}));
  run.training = [](const actors::TrainRequest& job, std::size_t) {
    return job.id.seq.value % 100 == 0 ? job.adapter->values[0] + 1.0f
                                       : std::numeric_limits<float>::max();
  };
  run.run();
  CHECK(run.totals().stop_reason == "versions");
  CHECK(run.totals().updates_not_finite == 3 * 99);
  CHECK(run.value() == 12.0f);
}

TEST_CASE("a run stops at its virtual time, and what comes later does not happen") {
  auto config = three_clients("fedbuff");
  config.aggregation.buffer_size = 2;
  config.stop.versions = 0;
  config.stop.virtual_seconds = 8.0;
  FakeRun run(config, sizes(kAsyncTokens));
  run.run();
  // What happens at 8 s belongs to the run; the jobs that would end later were not trained.
  CHECK(run.story() == Story{"4.0 a0 tau0", "5.0 a1 tau0", "5.0 v1 of 2", "8.0 a0 tau1",
                             "8.0 a2 tau1", "8.0 v2 of 2", "8.0 s virtual_seconds"});
  CHECK(run.trainings == 4);

  config.stop.virtual_seconds = 9.25;
  FakeRun longer(config, sizes(kAsyncTokens));
  longer.run();
  CHECK(longer.totals().time.microseconds == 9'250'000);
  CHECK(longer.totals().versions == 2);
}

TEST_CASE("a run stops when enough updates were applied") {
  auto config = three_clients("fedbuff");
  config.aggregation.buffer_size = 2;
  config.stop.versions = 0;
  config.stop.updates = 3;
  FakeRun run(config, sizes(kAsyncTokens));
  run.run();
  CHECK(run.totals().stop_reason == "updates");
  CHECK(run.totals().updates_applied == 4);  // two folds of two
}

TEST_CASE("the jobs in flight at the stop are abandoned, and are not dropped") {
  auto config = three_clients("fedasync");
  config.stop.versions = 1;
  FakeRun run(config, sizes(kAsyncTokens));
  run.run();
  CHECK(run.totals().jobs == 3);
  CHECK(run.totals().updates_applied == 1);
  CHECK(run.totals().updates_dropped == 0);
  CHECK(run.totals().jobs_in_flight_at_end == 2);
  CHECK(in_flight(run.coordinator()) == 0);
  std::size_t abandoned = 0;
  for (std::size_t at = run.effects.find("abandon "); at != std::string::npos;
       at = run.effects.find("abandon ", at + 1)) {
    ++abandoned;
  }
  CHECK(abandoned == 2);
  CHECK(run.pending.empty());
}

TEST_CASE("a run can be interrupted at any time, once") {
  auto config = three_clients("fedbuff");
  config.aggregation.buffer_size = 2;
  FakeRun run(config, sizes(kAsyncTokens));
  run.coordinator().start();
  std::sort(run.pending.begin(), run.pending.end(),
            [](const auto& a, const auto& b) { return a.id.client < b.id.client; });
  run.deliver_at(0);  // client 0 arrives at 4 s and waits in the buffer
  CHECK(in_flight(run.coordinator()) == 4);
  run.coordinator().interrupt();
  run.coordinator().interrupt();
  CHECK(run.coordinator().finished());
  CHECK(run.story() == Story{"4.0 a0 tau0", "4.0 s interrupted"});
  CHECK(run.totals().jobs == 4);
  CHECK(run.totals().updates_dropped == 0);
  CHECK(run.totals().jobs_in_flight_at_end == 3);
  CHECK(run.totals().updates_waiting_at_end == 1);
  CHECK(run.totals().updates_received == 1);
  const auto effects = run.effects;
  run.deliver_all();
  CHECK(run.effects == effects);
}

TEST_CASE("a fleet that loses everything stops without progress") {
  for (const std::string mode : {"fedbuff", "fedasync"}) {
    auto config = three_clients(mode);
    config.availability.drop_probability = 1.0 - 1e-15;
    FakeRun run(config, sizes(kAsyncTokens));
    run.run();
    CHECK(run.totals().stop_reason == "no_progress");
    CHECK(run.totals().updates_dropped == 1000);
    CHECK(run.totals().jobs_lost == 1000);
    CHECK(run.totals().jobs == 1000 + run.totals().jobs_in_flight_at_end);
    CHECK(run.trainings == 0);
  }
}

TEST_CASE("more concurrency than clients keeps all of them busy") {
  auto config = three_clients("fedasync");
  config.clients.concurrency = 50;
  config.stop.versions = 20;
  FakeRun run(config, sizes(kAsyncTokens));
  run.coordinator().start();
  CHECK(in_flight(run.coordinator()) == 3);
  run.deliver_all();
  CHECK(run.totals().versions == 20);
}

TEST_CASE("results that nobody waits for change nothing") {
  auto config = three_clients("fedbuff");
  config.stop.versions = 4;
  FakeRun plain(config, sizes(kAsyncTokens));
  plain.run();

  FakeRun noisy(config, sizes(kAsyncTokens));
  noisy.coordinator().start();
  while (!noisy.pending.empty()) {
    const auto job = noisy.pending.front();
    auto other = noisy.trained(job);
    auto poisoned = std::make_shared<model::Adapter>(*other.adapter);
    poisoned->values.assign(8, 1e9f);
    other.adapter = poisoned;
    auto wrong_client = other;
    wrong_client.id.client.value += 1;
    auto wrong_seq = other;
    wrong_seq.id.seq.value += 1000;
    noisy.coordinator().deliver(wrong_client);
    noisy.coordinator().deliver(wrong_seq);
    noisy.deliver_at(0);
    noisy.coordinator().deliver(other);  // repeated
  }
  CHECK(noisy.effects == plain.effects);
}

TEST_CASE("an update of another shape is refused loudly") {
  FakeRun run(three_clients("fedbuff"), sizes(kAsyncTokens));
  run.coordinator().start();
  auto update = run.trained(run.pending.front());
  auto shorter = std::make_shared<model::Adapter>(*update.adapter);
  shorter->values.pop_back();
  update.adapter = shorter;
  CHECK_THROWS_AS(run.coordinator().deliver(update), std::invalid_argument);
}
