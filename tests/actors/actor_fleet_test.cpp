#include <caf/all.hpp>

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "actors/actor_fleet.hpp"
#include "actors/client_actor.hpp"
#include "actors/host_actor.hpp"
#include "actors/messages.hpp"
#include "actors/output/run_recorder.hpp"
#include "actors/slot_actor.hpp"
#include "tests/actors/fake_parts.hpp"
#include "tests/actors/seeded_schedule.hpp"
#include "tests/support/temporary_folder.hpp"

// CAF and doctest both like these names.
#undef CHECK
#include <doctest/doctest.h>

namespace lorafleet {
namespace {

using Config = tests::ScheduleConfig;
using tests::fake_parts;
using tests::SeededSchedule;
using tests::TextObserver;

struct FleetOutcome {
  std::string events;
  std::string scores;
  std::string adapter;
  std::string failure;
  std::optional<actors::RunTotals> totals;

  friend bool operator==(const FleetOutcome& a, const FleetOutcome& b) {
    return a.events == b.events && a.scores == b.scores && a.adapter == b.adapter &&
           a.failure == b.failure;
  }
};

void start(
    actors::ActorFleet& fleet, FleetOutcome& outcome, std::function<void()> done = [] {}) {
  fleet.start(
      [&outcome, done](actors::RunEnd end) {
        outcome.adapter = model::sha256(*end.adapter);
        outcome.totals = end.totals;
        done();
      },
      [&outcome, done](std::string reason) {
        outcome.failure = std::move(reason);
        done();
      });
}

FleetOutcome run_scheduled(actors::FleetParts parts, std::uint64_t seed) {
  const auto observer = std::make_shared<TextObserver>();
  parts.observer = observer;
  parts.detached = false;
  FleetOutcome outcome;
  SeededSchedule schedule(seed);
  actors::ActorFleet fleet(schedule.system(), parts);
  start(fleet, outcome);
  schedule.run();
  outcome.events = observer->events;
  outcome.scores = observer->scores;
  return outcome;
}

FleetOutcome run_threaded(actors::FleetParts parts) {
  const auto observer = std::make_shared<TextObserver>();
  parts.observer = observer;
  FleetOutcome outcome;
  {
    Config config(false);
    caf::actor_system system(config);
    std::promise<void> over;
    actors::ActorFleet fleet(system, parts);
    start(fleet, outcome, [&] { over.set_value(); });
    over.get_future().wait();
  }
  outcome.events = observer->events;
  outcome.scores = observer->scores;
  return outcome;
}

}  // namespace

TEST_CASE("fifty schedules of the actors give the same bytes, in every mode") {
  for (const std::string mode : {"sync", "fedbuff", "fedasync"}) {
    CAPTURE(mode);
    const FleetOutcome first = run_scheduled(fake_parts(mode, nullptr, 2, false), 0);
    CHECK(first.failure.empty());
    REQUIRE(first.totals.has_value());
    CHECK(first.totals->versions == 10);
    CHECK(first.scores.find("10 ") != std::string::npos);
    for (std::uint64_t seed = 1; seed < 50; ++seed) {
      CAPTURE(seed);
      CHECK(run_scheduled(fake_parts(mode, nullptr, 1 + seed % 4, false), seed) == first);
    }
  }
}

TEST_CASE("real threads give the same bytes as one thread, whatever the number of slots") {
  const FleetOutcome first = run_scheduled(fake_parts("fedbuff", nullptr, 1, false), 3);
  for (const std::size_t slots : {1, 2, 4}) {
    CAPTURE(slots);
    CHECK(run_threaded(fake_parts("fedbuff", nullptr, slots, true)) == first);
  }
}

TEST_CASE("an update with a NaN is rejected and counted, the run goes on") {
  class Poisoned final : public tests::FakeTrainer {
    model::TrainResult train(const model::TrainJob& job) const override {
      auto result = FakeTrainer::train(job);
      if (job.client == 3) result.adapter.values[0] = std::numeric_limits<float>::quiet_NaN();
      return result;
    }
  };
  auto parts = fake_parts("fedbuff", nullptr, 2, false);
  parts.trainer = std::make_shared<Poisoned>();
  parts.config.stop.versions = 20;
  const FleetOutcome outcome = run_scheduled(parts, 5);
  REQUIRE(outcome.totals.has_value());
  CHECK(outcome.totals->versions == 20);
  CHECK(outcome.totals->updates_not_finite > 0);
  CHECK(outcome.events.find("not_finite") != std::string::npos);
  CHECK(outcome.events.find("nan") == std::string::npos);
}

TEST_CASE("a failure of the training ends the run with its reason") {
  class Failing final : public tests::FakeTrainer {
    model::TrainResult train(const model::TrainJob& job) const override {
      if (job.seq == 7) throw std::runtime_error("out of memory");
      return FakeTrainer::train(job);
    }
  };
  auto parts = fake_parts("fedasync", nullptr, 2, false);
  parts.trainer = std::make_shared<Failing>();
  const FleetOutcome outcome = run_scheduled(parts, 1);
  CHECK_FALSE(outcome.totals.has_value());
  CHECK(outcome.failure.find("out of memory") != std::string::npos);
  CHECK(outcome.failure.find("training of client") != std::string::npos);
}

TEST_CASE("an interrupted run ends cleanly, with its last version scored") {
  auto parts = fake_parts("fedbuff", nullptr, 2, false);
  parts.config.stop.versions = 1'000'000;
  const auto observer = std::make_shared<TextObserver>();
  parts.observer = observer;
  FleetOutcome outcome;
  SeededSchedule schedule(2);
  actors::ActorFleet fleet(schedule.system(), parts);
  start(fleet, outcome);
  schedule.run(2000);
  CHECK_FALSE(outcome.totals.has_value());
  fleet.interrupt();
  schedule.run();
  REQUIRE(outcome.totals.has_value());
  CHECK(outcome.totals->stop_reason == "interrupted");
  CHECK(outcome.totals->versions > 0);
  CHECK(observer->scores.find("\n" + std::to_string(outcome.totals->versions) + " ") !=
        std::string::npos);
}

TEST_CASE("an interrupt that overtakes the start still gives a scored version 0") {
  auto parts = fake_parts("fedbuff", nullptr, 2, false);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const tests::TemporaryFolder folder;
    const auto recorder = std::make_shared<actors::RunRecorder>(
        folder.path(), parts.config, std::vector<actors::ClientFacts>(parts.client_examples.size()),
        nullptr);
    parts.observer = recorder;
    FleetOutcome outcome;
    SeededSchedule schedule(seed);
    actors::ActorFleet fleet(schedule.system(), parts);
    fleet.interrupt();
    start(fleet, outcome);
    schedule.run();
    CHECK(outcome.failure.empty());
    REQUIRE(outcome.totals.has_value());
    CHECK(outcome.totals->stop_reason == "interrupted");
    CHECK(recorder->initial().has_value());
    recorder->write_files();
  }
}

TEST_CASE("a slow evaluator holds updates back and changes no byte") {
  auto parts = fake_parts("fedasync", nullptr, 4, false);
  parts.config.evaluation.every_versions = 1;
  parts.config.stop.versions = 200;
  const FleetOutcome in_one_thread = run_scheduled(parts, 1);
  CHECK(in_one_thread.totals->versions == 200);
  class Slow final : public tests::FakeScorer {
    model::Evaluation evaluate(const model::AdapterPtr& adapter) const override {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return FakeScorer::evaluate(adapter);
    }
  };
  parts.scorer = std::make_shared<Slow>();
  parts.detached = true;
  CHECK(run_threaded(parts) == in_one_thread);
}

TEST_CASE("a job that is being trained learns that it was given up") {
  class Waiting final : public tests::FakeTrainer {
   public:
    // Waits, with a limit, until the job is given up.
    model::TrainResult train(const model::TrainJob& job) const override {
      started = true;
      for (int i = 0; i < 5000 && !*job.given_up; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      told = job.given_up->load();
      return FakeTrainer::train(job);
    }
    mutable std::atomic<bool> started = false, told = false;
  };
  const auto trainer = std::make_shared<Waiting>();
  const auto parts = fake_parts("fedbuff", nullptr, 1, true);
  Config config(false);
  caf::actor_system system(config);
  const auto host = system.spawn<actors::HostActor>(
      std::vector<actors::SlotHandle>{system.spawn<actors::SlotActor, caf::detached>(trainer)});
  caf::scoped_actor self(system);
  const model::TrainJob job{3, 1, 11, 0, parts.federation.initial, parts.client_examples[3]};
  auto answer = self->request(host, caf::infinite, actors::QueueJob{{5}, job});
  while (!trainer->started)
    std::this_thread::yield();
  self->send(host, actors::AbandonJob{{{3}, {1}}});
  answer.receive([](const actors::JobResult&) {}, [](const caf::error&) {});
  CHECK(trainer->told);
}

TEST_CASE("a host trains the earliest virtual arrival first and skips what was abandoned") {
  class Recording final : public tests::FakeTrainer {
   public:
    model::TrainResult train(const model::TrainJob& job) const override {
      order.push_back(job.client);
      return FakeTrainer::train(job);
    }
    mutable std::vector<std::uint32_t> order;
  };
  const auto trainer = std::make_shared<Recording>();
  const auto parts = fake_parts("fedbuff", nullptr, 1, false);
  SeededSchedule schedule(4);
  auto& system = schedule.system();
  const auto host = system.spawn<actors::HostActor>(
      std::vector<actors::SlotHandle>{system.spawn<actors::SlotActor>(trainer)});
  std::size_t answers = 0, empty_answers = 0;
  const auto ask = [&](caf::event_based_actor* self, const actors::HostHandle& host) {
    // The first takes the slot; the others wait and are sorted.
    for (const std::uint32_t client : {9u, 8u, 7u, 6u, 5u}) {
      const model::TrainJob job{
          client, 1, 11, 0, parts.federation.initial, parts.client_examples[client]};
      self->request(
              host, caf::infinite,
              actors::QueueJob{sim::VirtualTime{static_cast<std::int64_t>(client) * 1000}, job})
          .then([&](const actors::JobResult& done) {
            ++answers;
            if (done.result == nullptr) ++empty_answers;
          });
    }
    self->send(host, actors::AbandonJob{{{6}, {1}}});
  };
  system.spawn(ask, host);
  schedule.run();
  CHECK(trainer->order == std::vector<std::uint32_t>{9, 5, 7, 8});
  CHECK(answers == 5);
  CHECK(empty_answers == 1);
}

TEST_CASE("jobs train in parallel on the slots") {
  class Meeting final : public tests::FakeTrainer {
   public:
    // Waits, with a limit, until another job is being trained at the same time.
    model::TrainResult train(const model::TrainJob& job) const override {
      ++inside;
      for (int i = 0; i < 2000 && inside < 2 && !met; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      if (inside >= 2) met = true;
      auto result = FakeTrainer::train(job);
      --inside;
      return result;
    }
    mutable std::atomic<int> inside = 0;
    mutable std::atomic<bool> met = false;
  };
  auto parts = fake_parts("fedbuff", nullptr, 2, true);
  const auto trainer = std::make_shared<Meeting>();
  parts.trainer = trainer;
  CHECK(run_threaded(parts).failure.empty());
  CHECK(trainer->met);
}

}  // namespace lorafleet
