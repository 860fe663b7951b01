#include "actors/federation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/network/merge.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::actors;

namespace {

/// Two rounds of four clients, who fold into the base, and are scored on test parts of their own.
FederationConfig small_run() {
  FederationConfig config;
  config.model.path = tests::source_folder() / "scenarios/base/opt-nano";
  config.data.path = tests::source_folder() / "scenarios/data/wordnet_definitions.jsonl";
  config.data.max_examples = 200;
  config.encoding.max_tokens = 64;
  config.partition.clients = 4;
  config.lora.lora_dropout = 0.1;
  config.train.batch_tokens = 256;
  config.train.steps = 2;
  config.clients.per_round = 4;
  config.aggregation.mode = "sync";
  config.aggregation.lora = "flora";
  config.evaluation.max_examples = 10;
  config.evaluation.local_share = 0.2;
  config.stop.versions = 2;
  config.slots.count = 3;
  return config;
}

struct Ended {
  RunOutcome outcome;
  std::string local;
  std::vector<SlotWork> slots;
  std::vector<std::string> lines;
};

Ended run_on(const std::vector<std::string>& devices,
             const FederationConfig& config = small_run()) {
  const tests::TemporaryFolder folder;
  Ended ended;
  RunOptions options;
  options.out = folder / "run";
  options.devices = devices;
  options.progress = [&](const Progress& progress) { ended.slots = progress.slots; };
  options.log = [&](const std::string& line) { ended.lines.push_back(line); };
  options.warning = [&](const std::string& line) { ended.lines.push_back(line); };
  ended.outcome = run_federation(config, options);
  ended.local = read_file(options.out / "local.csv");
  return ended;
}

bool says(const Ended& ended, const std::string& text) {
  return std::any_of(ended.lines.begin(), ended.lines.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("a run on two devices has the bytes of a run on one") {
  const Ended one = run_on({});
  const Ended two = run_on({"cpu", "cpu"});
  CHECK(one.outcome.status == "completed");
  CHECK(two.outcome.adapter_sha256 == one.outcome.adapter_sha256);
  CHECK(two.outcome.events_sha256 == one.outcome.events_sha256);
  CHECK(two.local == one.local);
  CHECK(std::count(one.local.begin(), one.local.end(), '\n') == 5);
  CHECK_FALSE(says(one, "on each of"));
  CHECK(says(two, "on each of cpu, cpu"));
  REQUIRE(two.slots.size() == 3);
  for (const SlotWork& slot : two.slots)
    CHECK(slot.jobs > 0);
}

TEST_CASE("a run that changes a quantised base has the bytes of one on what its codes stand for") {
  for (const auto& [rule, quantization] :
       {std::pair("flora", "nf4"), std::pair("fedex", "int8"), std::pair("fedex", "nf4")}) {
    CAPTURE(std::string(rule) + " " + quantization);
    FederationConfig config = small_run();
    config.aggregation.lora = rule;
    const Ended exact = run_on({}, config);
    const tests::TemporaryFolder folder;
    const model::Adapter nothing{
        std::make_shared<const model::AdapterLayout>(std::vector<model::LoraModule>{}), {}};
    model::write_merged(config.model.path, nothing, folder / "plain", model::DType::float32,
                        1'000'000'000, {}, quantization);
    FederationConfig on_numbers = config;
    on_numbers.model.path = folder / "plain";
    const Ended plain = run_on({}, on_numbers);
    config.model.quantization = quantization;
    for (const std::size_t slots : {std::size_t{1}, std::size_t{3}}) {
      config.slots.count = static_cast<std::int64_t>(slots);
      const Ended quantized = run_on({}, config);
      CHECK(quantized.outcome.status == "completed");
      CHECK(quantized.outcome.adapter_sha256 == plain.outcome.adapter_sha256);
      CHECK(quantized.outcome.events_sha256 == plain.outcome.events_sha256);
      CHECK(quantized.local == plain.local);
    }
    CHECK(exact.outcome.adapter_sha256 != plain.outcome.adapter_sha256);
  }
}
