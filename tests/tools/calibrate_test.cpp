#include <doctest/doctest.h>

#include <cmath>

#include "partition/support/files.hpp"
#include "scenarios/schema/scenario.hpp"
#include "tests/support/text.hpp"
#include "tests/tools/program.hpp"
#include "tests/tools/small_scenario.hpp"

namespace lorafleet {
namespace {

using Kind = sim::Distribution::Kind;

/// The [devices] of the small scenario with what `calibrate` printed.
sim::DevicesConfig devices_of(const tests::SmallScenario& small, const std::string& toml) {
  write_file(small.path("calibrated.toml"), read_file(small.file()) + toml);
  const auto scenario = scenarios::read_scenario(small.path("calibrated.toml"));
  CHECK(scenario.warnings.empty());
  return scenario.federation.devices;
}

TEST_CASE("calibrate measures a model and prints a tier that a scenario takes") {
  const tests::SmallScenario small;
  const auto output = tests::run_program({"calibrate", "--model", tests::mini_base(), "--seconds",
                                          "1", "--batch-tokens", "256", "--name", "my \"laptop\""});
  CAPTURE(output.err);
  REQUIRE(output.status == 0);
  CHECK(tests::contains(output.out, "# opt-mini in float32 on "));
  CHECK(tests::contains(output.err, "tokens/s a slot"));
  CHECK(tests::contains(output.err, "opt-mini: 5,919,232 parameters, 23.7 MB in float32; "));
  CHECK(tests::contains(output.err, "peak memory  estimate\n"));
  CHECK(tests::contains(output.err, "\n1 slot of 1 thread "));
  const auto devices = devices_of(small, output.out);
  REQUIRE(devices.tiers.size() == 1);
  CHECK(devices.tiers[0].name == "my \"laptop\"");
  CHECK(devices.tiers[0].tokens_per_second.kind == Kind::constant);
  CHECK(devices.tiers[0].tokens_per_second.first > 0.0);
  CHECK(devices.tiers[0].teraflops == 0.0);
  CHECK(devices.jitter.kind == Kind::lognormal);
  CHECK(devices.jitter.first == 1.0);
  CHECK(devices.jitter.second > 0.0);
}

TEST_CASE("calibrate takes a scenario's clients, several slots, and gives teraflops") {
  const tests::SmallScenario small;
  const auto output =
      tests::run_program({"calibrate", small.file(), "--set", "train.epochs=2", "--slots", "1,2",
                          "--threads", "1", "--seconds", "0.3", "--unit", "teraflops", "--quiet"});
  CAPTURE(output.err);
  REQUIRE(output.status == 0);
  CHECK(output.err.empty());
  const auto devices = devices_of(small, output.out);
  REQUIRE(devices.tiers.size() == 2);
  CHECK(devices.tiers[0].name == "this-machine-1x1");
  CHECK(devices.tiers[1].name == "this-machine-2x1");
  for (const auto& tier : devices.tiers) {
    CHECK(tier.teraflops > 0.0);
    CHECK(tier.share == 1.0);
  }
}

TEST_CASE("calibrate refuses what it cannot measure") {
  const tests::SmallScenario small;
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "calibrate: needs either SCENARIO or --model"},
      {{small.file(), "--model", tests::mini_base()},
       "calibrate: needs either SCENARIO or --model"},
      {{small.file(), "--rank", "4"}, "--rank: needs --model; allowed here: --set"},
      {{"--model", tests::mini_base(), "--set", "lora.r=4"}, "--set: needs SCENARIO"},
      {{"--model", tests::mini_base(), "--seconds", "0"},
       "--seconds: \"0\" is not a number above 0"},
      {{"--model", tests::mini_base(), "--seconds", "nan"},
       "--seconds: \"nan\" is not a number above 0"},
      {{"--model", tests::mini_base(), "--slots", "1,x"},
       "--slots: \"x\" is not a whole number of at least 1"},
      {{"--model", tests::mini_base(), "--slots", "0"},
       "--slots: \"0\" is not a whole number of at least 1"},
      {{"--model", tests::mini_base(), "--threads", "5000"},
       "--threads: 5000 is out of range; allowed: 1 to 1024"},
      {{"--model", tests::mini_base(), "--unit", "miles"},
       "--unit: \"miles\" is not known; allowed: tokens, teraflops"},
      {{"--model", tests::mini_base(), "--modules", "q_porj"},
       "lora.target_modules: unknown module \"q_porj\" (did you mean \"q_proj\"?)"},
      {{"--model", small.path("nowhere")}, small.path("nowhere") + ": is not a folder"},
      {{small.file(), "--set", "train.epochs=0"}, ""},
  };
  for (auto [arguments, message] : cases) {
    arguments.insert(arguments.begin(), "calibrate");
    const auto output = tests::run_program(arguments);
    CAPTURE(message);
    CAPTURE(output.err);
    CHECK(output.status == 2);
    CHECK(output.out.empty());
    CHECK(tests::contains(output.err, "error: " + message));
  }
}

}  // namespace
}  // namespace lorafleet
