#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "actors/messages.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::tests {

/// Two threads, or where `testing` none but the test's own.
struct ScheduleConfig : caf::actor_system_config {
  explicit ScheduleConfig(bool testing) {
    add_message_types<caf::id_block::lorafleet>();
    if (testing) {
      set("scheduler.policy", caf::atom("testing"));
    } else {
      set("scheduler.max-threads", 2u);
    }
  }
};

/// Runs all actors in one thread, in an order of steps that the seed chooses.
class SeededSchedule {
 public:
  explicit SeededSchedule(std::uint64_t seed)
      : config_(true), system_(config_), random_(seed, Purpose::schedule_test) {}
  ~SeededSchedule() { run(); }

  caf::actor_system& system() { return system_; }
  void run(std::size_t most_steps = 10'000'000) {
    auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
    while (scheduler.has_job() && most_steps-- > 0) {
      std::swap(scheduler.jobs.front(), scheduler.jobs[random_.below(scheduler.jobs.size())]);
      scheduler.run_once();
    }
  }

 private:
  ScheduleConfig config_;
  caf::actor_system system_;
  Random random_;
};

}  // namespace lorafleet::tests
