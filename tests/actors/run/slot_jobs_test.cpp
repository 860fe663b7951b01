#include "actors/run/slot_jobs.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lorafleet;
using namespace lorafleet::actors;

namespace {

void check_layout(std::size_t jobs, std::size_t cohort, std::size_t devices, SlotJobs expected) {
  CAPTURE(jobs);
  CAPTURE(cohort);
  CAPTURE(devices);
  const SlotJobs found = slots_for(jobs, cohort, devices);
  CHECK(found.slots == expected.slots);
  CHECK(found.jobs_of_slot == expected.jobs_of_slot);
}

}  // namespace

TEST_CASE("a host's jobs go into as many slots on each device") {
  check_layout(8, 1, 1, {8, 1});     // a CPU
  check_layout(16, 16, 1, {1, 16});  // a GPU
  check_layout(17, 16, 1, {2, 9});
  check_layout(1, 16, 1, {1, 1});
  check_layout(16, 16, 4, {4, 4});
  check_layout(64, 16, 4, {4, 16});
  check_layout(65, 16, 4, {8, 9});
  check_layout(3, 16, 4, {3, 1});
  for (std::size_t jobs = 1; jobs < 100; ++jobs) {
    for (const std::size_t devices : {1, 2, 3, 8}) {
      const SlotJobs found = slots_for(jobs, 16, devices);
      CHECK(found.slots * found.jobs_of_slot >= jobs);
      CHECK(found.jobs_of_slot <= 16);
      CHECK((found.slots % devices == 0 || found.slots == jobs));
    }
  }
}

TEST_CASE("slot i is on device i modulo their number") {
  for (const std::size_t devices : {1, 2, 3, 5}) {
    for (std::size_t slots = 0; slots < 12; ++slots) {
      std::vector<std::size_t> counted(devices, 0);
      for (std::size_t slot = 0; slot < slots; ++slot)
        ++counted[slot % devices];
      for (std::size_t place = 0; place < devices; ++place)
        CHECK(slots_on(place, devices, slots) == counted[place]);
    }
  }
}

TEST_CASE("by itself each GPU has a slot, and a CPU one for each core") {
  SlotsConfig config;
  CHECK(config.slots() == config.slots(4));
  config.device = "cuda:*";
  CHECK(config.slots() == 1);
  CHECK(config.slots(4) == 4);
  config.count = 3;
  CHECK(config.slots(4) == 3);
}

TEST_CASE("without a base there is no device to look for") {
  FederationConfig config;
  config.slots.device = "cuda:99";
  config.train.kind = "surrogate";
  const auto fail = [](const std::string& line) { FAIL(line); };
  CHECK(training_devices(config, std::nullopt, fail) == std::vector<std::string>{"cpu"});
  config.train.kind = "lora";
  CHECK_THROWS_WITH(training_devices(config, std::nullopt, fail),
                    doctest::Contains("slots.device: "));
  config.slots.device = "cpu";
  CHECK(training_devices(config, 0, fail) == std::vector<std::string>{"cpu"});
}
