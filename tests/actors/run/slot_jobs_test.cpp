#include "actors/run/slot_jobs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/network/device_fit.hpp"
#include "model/training/batching.hpp"
#include "partition/support/error.hpp"
#include "tests/support/temporary_folder.hpp"

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

/// What the jobs of a run would find on GPUs, with the base on a CPU in their place.
struct OnGpus {
  FederationConfig config;
  Learning learning;
  std::vector<std::string> lines;

  OnGpus() {
    config.model.path = tests::source_folder() / "scenarios/base/opt-nano";
    config.data.path = tests::source_folder() / "scenarios/data/wordnet_definitions.jsonl";
    config.data.max_examples = 4000;
    config.encoding.max_tokens = 64;
    config.partition.clients = 3;
    config.clients.per_round = 3;
    config.clients.concurrency = 3;
    config.train.batch_tokens = 20'000;
    config.evaluation.max_examples = 400;
    config.evaluation.batch_tokens = 20'000;
    const auto quiet = [](const std::string&) {};
    learning = prepare_learning(config, {"cpu"}, quiet, quiet);
    learning.base_devices = {"cuda:0", "cuda:1"};
  }

  [[nodiscard]] model::DeviceFootprint takes() const {
    return model::device_footprint(config.model, config.lora, config.train, 64).value();
  }
  /// Of two slots, where each GPU has so much left.
  std::size_t fit(std::size_t wished, std::int64_t first, std::int64_t second, bool evaluates) {
    lines.clear();
    return jobs_that_fit(
        config, learning, {2, wished}, evaluates,
        [this](const std::string& line) { lines.push_back(line); },
        [&](const std::string& device) { return device == "cuda:0" ? first : second; });
  }
};

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

TEST_CASE("as many jobs train side by side as fit beside the base and the evaluator's batches") {
  OnGpus run;
  const model::DeviceFootprint takes = run.takes();
  CHECK(takes.rows == 20'000);
  const auto needed = [&](std::int64_t jobs) {
    return jobs * takes.adapter_bytes + takes.pass_bytes(jobs);
  };
  CHECK(run.fit(8, needed(8), needed(8), false) == 8);
  CHECK(run.lines.empty());
  CHECK(run.fit(8, needed(8), needed(5), false) == 5);
  REQUIRE(run.lines.size() == 1);
  CHECK(run.lines[0].starts_with("cuda:1 has "));

  const Workload& work = *run.learning.work;
  std::int64_t scored = 0;
  for (const std::uint32_t example : work.scored)
    scored += static_cast<std::int64_t>(work.encoded->length(example));
  REQUIRE(scored < run.config.evaluation.batch_tokens);
  REQUIRE(scored > 4096);  // more than a block of rows
  const std::int64_t scoring = takes.scoring_bytes(scored);
  CHECK(run.fit(8, needed(8) + scoring, needed(8), true) == 8);
  CHECK(run.fit(8, needed(8) + scoring - 1, needed(8), true) == 7);
  REQUIRE(run.lines.size() == 1);
  CHECK(run.lines[0].find(", and evaluation ") != std::string::npos);
  run.config.evaluation.batch_tokens = 1;
  CHECK(run.fit(8, needed(8) + scoring - 1, needed(8), true) == 8);

  run.learning.base_devices = {"cpu"};
  CHECK(jobs_that_fit(run.config, run.learning, {2, 8}, true, nullptr) == 8);
}

TEST_CASE("a run whose first pass does not fit is refused with the largest one that does") {
  OnGpus run;
  const auto of_rows = [&](std::int64_t rows) {
    model::TrainConfig train = run.config.train;
    train.batch_tokens = rows;
    const auto takes = model::device_footprint(run.config.model, run.config.lora, train, 1);
    return takes->adapter_bytes + takes->pass_bytes(1);
  };
  const auto refusal = [&](std::int64_t free) -> std::string {
    try {
      run.fit(8, std::int64_t{1} << 40, free, true);
    } catch (const InputError& failure) {
      return failure.what();
    }
    return "";
  };
  const std::int64_t free = of_rows(6000);  // two blocks of rows
  const std::string text = refusal(free);
  CAPTURE(text);
  CHECK(text.starts_with("train.batch_tokens: cuda:1 has "));
  CHECK(text.ends_with(": train.batch_tokens = 8192 or train.recompute = \"layer\" needs less"));
  run.config.train.batch_tokens = 8192;
  CHECK(refusal(free).empty());  // what it proposes is accepted
  CHECK(run.lines.size() == 1);  // one job in each slot
  run.config.train.batch_tokens = 20'000;
  run.config.train.recompute = "layer";
  CHECK(refusal(of_rows(1)).ends_with(": train.batch_tokens = 4096 needs less"));
  CHECK(refusal(of_rows(1) - 1).find(": its longest example alone, of ") != std::string::npos);
  CHECK(refusal(of_rows(1) - 1).ends_with("a lower data.max_tokens needs less"));
  run.config.train.batch_size = 500;
  CHECK(refusal(of_rows(1)).find(": train.batch_size = ") != std::string::npos);
}
