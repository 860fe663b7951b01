#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <set>
#include <tuple>

#include "tests/actors/random_scenario.hpp"

using namespace lorafleet;
using namespace lorafleet::tests;

namespace {

/// Follows the events of a run and asserts the rules that hold in each of them.
class Auditor {
 public:
  explicit Auditor(const actors::FederationConfig& config) : config_(config) {}

  void operator()(const actors::Event& event) {
    RC_ASSERT(!stopped_);
    RC_ASSERT(event.time >= time_);
    time_ = event.time;
    std::visit([&](const auto& what) { take(what); }, event.what);
  }

  void check_totals(const actors::RunTotals& totals) const {
    RC_ASSERT(stopped_);
    RC_ASSERT(totals.versions == version_);
    RC_ASSERT(totals.jobs == static_cast<std::int64_t>(jobs_));
    RC_ASSERT(totals.updates_received == received_);
    RC_ASSERT(totals.updates_applied == applied_);
    RC_ASSERT(flying_.empty());
    RC_ASSERT(totals.updates_dropped == lost_);
    RC_ASSERT(totals.jobs_in_flight_at_end == unfinished_);
    RC_ASSERT(totals.updates_waiting_at_end == static_cast<std::int64_t>(buffer_.size()));
    RC_ASSERT(totals.jobs == received_ + totals.jobs_lost + unfinished_);
    RC_ASSERT(totals.jobs == totals.updates_applied + totals.updates_dropped + unfinished_ +
                                 totals.updates_waiting_at_end);
    RC_ASSERT(totals.rounds_failed == failed_);
    RC_ASSERT(totals.updates_not_finite == not_finite_);
    RC_ASSERT(totals.train_tokens == tokens_);
    RC_ASSERT(totals.bytes_down <= static_cast<std::int64_t>(jobs_) * 32);
    RC_ASSERT(totals.bytes_up >= received_ * 32);
    RC_ASSERT(totals.time == time_);
  }

 private:
  struct Flying {
    sim::Sequence seq;
    sim::VirtualTime arrival;
    std::uint64_t version;
    bool trained;
  };

  void take(const actors::JobDispatched& e) {
    RC_ASSERT(e.id.seq.value == ++jobs_);
    RC_ASSERT(e.version.value == version_);
    RC_ASSERT(e.arrival > time_);
    RC_ASSERT(
        flying_.emplace(e.id.client, Flying{e.id.seq, e.arrival, version_, e.trained}).second);
    if (config_.aggregation.mode != "sync") {
      RC_ASSERT(static_cast<std::int64_t>(flying_.size()) <= config_.clients.concurrency);
    }
  }
  void take(const actors::UpdateArrived& e) {
    const Flying job = land(e.id);
    RC_ASSERT(job.trained);
    RC_ASSERT(job.arrival == time_);
    RC_ASSERT(job.version == e.version.value);
    RC_ASSERT(e.staleness == version_ - job.version);
    if (config_.aggregation.max_staleness >= 0) {
      RC_ASSERT(static_cast<std::int64_t>(e.staleness) <= config_.aggregation.max_staleness);
    }
    const auto place = std::tuple(time_, e.id);
    RC_ASSERT(place > last_arrival_);
    last_arrival_ = place;
    ++received_;
    tokens_ += e.tokens;
    buffer_.insert(e.id.seq);
  }
  void take(const actors::UpdateLost& e) {
    ++lost_;
    if (buffer_.erase(e.id.seq) > 0) {
      RC_ASSERT(e.reason == "not_finite" || e.reason == "round_failed");
      not_finite_ += e.reason == "not_finite" ? 1 : 0;
      return;
    }
    const Flying job = land(e.id);
    const bool at_its_end = e.reason == "dropped_out" || e.reason == "too_stale";
    RC_ASSERT((at_its_end ? job.arrival == time_ : config_.aggregation.mode == "sync"));
    RC_ASSERT(job.trained == (e.reason == "too_stale"));
  }
  void take(const actors::JobUnfinished& e) {
    const Flying job = land(e.id);
    RC_ASSERT(job.version == e.version.value);
    ++unfinished_;
  }
  void take(const actors::VersionMade& e) {
    RC_ASSERT(e.version.value == ++version_);
    RC_ASSERT(e.updates == static_cast<std::int64_t>(buffer_.size()));
    if (config_.aggregation.mode == "sync") {
      RC_ASSERT(e.updates >= config_.clients.min_updates);
      RC_ASSERT(carries() || flying_.empty());
      RC_ASSERT(carries() || e.updates <= config_.clients.per_round);
    } else {
      RC_ASSERT(e.updates ==
                (config_.aggregation.mode == "fedasync" ? 1 : config_.aggregation.buffer_size));
    }
    applied_ += e.updates;
    buffer_.clear();
  }
  void take(const actors::RoundFailed& e) {
    RC_ASSERT(config_.aggregation.mode == "sync");
    RC_ASSERT(e.version.value == version_ + 1);
    RC_ASSERT(carries() || flying_.empty());
    RC_ASSERT(carries() || buffer_.empty());
    ++failed_;
  }
  void take(const actors::RunStopped& e) {
    stopped_ = true;
    const auto& stop = config_.stop;
    const auto limit = sim::VirtualDuration::from_seconds(stop.virtual_seconds).microseconds;
    RC_ASSERT(time_.microseconds <= limit);
    RC_ASSERT(stop.versions == 0 || version_ <= static_cast<std::uint64_t>(stop.versions));
    if (e.reason == "versions") {
      RC_ASSERT(version_ == static_cast<std::uint64_t>(stop.versions));
    } else if (e.reason == "updates") {
      RC_ASSERT(applied_ >= stop.updates);
    } else {
      RC_ASSERT(e.reason == "virtual_seconds");
      RC_ASSERT(time_.microseconds == limit);
      RC_ASSERT(stop.updates == 0 || applied_ < stop.updates);
    }
  }

  [[nodiscard]] bool carries() const { return config_.clients.late == "carry_over"; }
  Flying land(sim::JobId id) {
    const auto found = flying_.find(id.client);
    RC_ASSERT(found != flying_.end());
    const Flying job = found->second;
    RC_ASSERT(job.seq == id.seq);
    flying_.erase(found);
    return job;
  }

  const actors::FederationConfig& config_;
  sim::VirtualTime time_;
  std::map<sim::ClientId, Flying> flying_;
  std::set<sim::Sequence> buffer_;
  std::tuple<sim::VirtualTime, sim::JobId> last_arrival_;
  std::uint64_t jobs_ = 0;
  std::uint64_t version_ = 0;
  std::int64_t received_ = 0;
  std::int64_t applied_ = 0;
  std::int64_t lost_ = 0;
  std::int64_t unfinished_ = 0;
  std::int64_t failed_ = 0;
  std::int64_t not_finite_ = 0;
  std::int64_t tokens_ = 0;

  bool stopped_ = false;
};

}  // namespace

TEST_CASE("every run keeps the rules, whatever its scenario") {
  CHECK(rc::check("events are consistent with each other and with the totals", [] {
    const auto config = random_config();
    FakeRun run(config, random_sizes());
    run.training = sometimes_nan;
    run.run();
    Auditor audit(config);
    for (const auto& event : run.events)
      audit(event);
    audit.check_totals(run.totals());
    RC_ASSERT(run.published.size() == run.totals().versions + 1);
    for (const auto& adapter : run.published)
      RC_ASSERT(model::all_finite(*adapter));
    RC_TAG(config.aggregation.mode + ", " + run.totals().stop_reason);
  }));
}

TEST_CASE("at every moment each job is applied, dropped or in flight") {
  CHECK(rc::check("jobs = applied + dropped + in flight", [] {
    const auto config = random_config();
    FakeRun run(config, random_sizes());
    run.training = sometimes_nan;
    Random random(config.seed, Purpose::schedule_test);
    run.coordinator().start();
    for (;;) {
      const auto& totals = run.totals();
      if (run.coordinator().finished()) break;
      RC_ASSERT(totals.jobs == totals.updates_applied + totals.updates_dropped +
                                   static_cast<std::int64_t>(in_flight(run.coordinator())));
      if (run.pending.empty()) break;
      run.deliver_at(random.below(run.pending.size()));
    }
    RC_ASSERT(run.coordinator().finished());
    RC_ASSERT(in_flight(run.coordinator()) == 0);
    RC_ASSERT(run.totals().jobs == run.totals().updates_applied + run.totals().updates_dropped +
                                       run.totals().jobs_in_flight_at_end +
                                       run.totals().updates_waiting_at_end);
  }));
}

TEST_CASE("any order of deliveries gives the same effects") {
  CHECK(rc::check("in random scenarios", [] {
    const auto config = random_config();
    const auto effects = [&](auto&& drive) {
      FakeRun run(config, random_sizes());
      run.training = sometimes_nan;
      drive(run);
      RC_ASSERT(run.coordinator().finished());
      return run.effects;
    };
    const auto expected = effects([](FakeRun& run) { run.run(); });
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      RC_ASSERT(effects([&](FakeRun& run) { run.run_shuffled(seed); }) == expected);
    }
  }));
}

TEST_CASE("sixty shuffled schedules of each mode give the same effects") {
  for (const std::string mode : {"sync", "fedbuff", "fedasync"}) {
    auto config = tiny_config(30);
    config.aggregation.mode = mode;
    config.aggregation.max_staleness = 6;
    config.clients.per_round = 8;
    config.clients.overcommit = 1.3;
    config.clients.concurrency = 12;
    config.devices.jitter = sim::Distribution::lognormal(1.0, 0.5);
    config.availability.drop_probability = 0.15;
    config.stop.versions = 40;
    const auto effects = [&](std::uint64_t seed) {
      FakeRun run(config, random_sizes());
      run.training = sometimes_nan;
      run.run_shuffled(seed);
      return run.effects;
    };
    const std::string expected = effects(0);
    for (std::uint64_t seed = 1; seed <= 60; ++seed)
      CHECK(effects(seed) == expected);
  }
}

TEST_CASE("results may be delivered from inside the request") {
  for (const std::string mode : {"sync", "fedbuff", "fedasync"}) {
    auto config = tiny_config(6);
    config.aggregation.mode = mode;
    config.stop.versions = 20;
    FakeRun later(config, random_sizes());
    later.run();
    FakeRun at_once(config, random_sizes());
    at_once.answer_at_once = true;
    at_once.run();
    CHECK(at_once.log() == later.log());
    CHECK(at_once.effects == later.effects);
  }
}
