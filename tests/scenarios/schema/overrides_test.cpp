#include <doctest/doctest.h>

#include "tests/scenarios/schema/scenario_files.hpp"

namespace lorafleet {
namespace {

using Lines = std::vector<std::string>;

const std::string kScenario = tests::ScenarioFolder::required() +
                              "[train]\nepochs = 2\n[devices]\n"
                              "tiers = [{ name = \"a\", tokens_per_second = 5 }, { name = \"b\", "
                              "tokens_per_second = 6 }]\n";

actors::FederationConfig with(const Lines& sets) {
  return tests::ScenarioFolder().read(kScenario, sets).federation;
}

std::string error_of_sets(const Lines& sets) {
  const Lines errors = tests::ScenarioFolder().errors(kScenario, sets);
  REQUIRE_MESSAGE(errors.size() == 1, join(errors, "\n"));
  return errors.front();
}

TEST_CASE("a value is TOML, or else a string") {
  const auto run =
      with({"seed=7", "train.lr=1e-2", "aggregation.mode=fedbuff", "lora.use_rslora=true",
            "lora.target_modules=[\"fc1\", \"fc2\"]", "name=\"quoted\"",
            "network.upload_mbps={ distribution = \"uniform\", low "
            "= 1, high = 2 }"});
  CHECK(run.seed == 7);
  CHECK(run.train.lr == 1e-2);
  CHECK(run.aggregation.mode == "fedbuff");
  CHECK(run.lora.use_rslora);
  CHECK(run.lora.target_modules == Lines{"fc1", "fc2"});
  CHECK(run.name == "quoted");
  CHECK(run.network.upload_mbps == sim::Distribution::uniform(1, 2));
}

TEST_CASE("a number is a string where a string is wanted") {
  CHECK(with({"name=2024"}).name == "2024");
  CHECK(with({"name=0x10"}).name == "0x10");
}

TEST_CASE("the last of several values wins") {
  CHECK(with({"lora.r=2", "lora.r=3"}).lora.r == 3);
}

TEST_CASE("entries of arrays are reached by their index") {
  const auto run = with({"devices.tiers.1.share=3", "devices.tiers.0.name=fast"});
  CHECK(run.devices.tiers[0].name == "fast");
  CHECK(run.devices.tiers[0].share == 1.0);
  CHECK(run.devices.tiers[1].name == "b");
  CHECK(run.devices.tiers[1].share == 3.0);
}

TEST_CASE("an array can be replaced as a whole") {
  CHECK(with({"devices.tiers=[]"}).devices.tiers.empty());
}

TEST_CASE("a key takes the place of the one that it excludes") {
  const auto run = with({"train.steps=5", "train.batch_size=4"});
  CHECK(run.train.steps == 5);
  CHECK(run.train.batch_size == 4);
  CHECK(with({"train.steps=5", "train.epochs=3"}).train.steps == 0);
  CHECK(with({"devices.tiers.0.teraflops=2"}).devices.tiers[0].teraflops == 2.0);
}

TEST_CASE("a value of 0 takes no place") {
  CHECK(with({"train.steps=0"}).train.epochs == 2);
  CHECK(with({"devices.tiers.0.teraflops=0.0"}).devices.tiers[0].tokens_per_second ==
        sim::Distribution::constant(5));
  const auto cut = tests::ScenarioFolder().read(
      tests::ScenarioFolder::required() + "[[partition.skew]]\nby = \"context_length\"\nbins = 3\n",
      {"partition.skew.0.edges=[]"});
  CHECK(cut.federation.partition.skews[0].bins == 3);
  const auto back = tests::ScenarioFolder().read(
      tests::ScenarioFolder::required() + "[train]\nsteps = 5\n", {"train.epochs=3"});
  CHECK(back.federation.train.steps == 0);
  CHECK(back.federation.train.epochs == 3);
}

TEST_CASE("thresholds are set by their quoted or plain names") {
  const tests::ScenarioFolder folder;
  const auto scenario = folder.read(kScenario + "[expect]\n\"final.perplexity\" = { below = 40 }\n",
                                    {"expect.\"final.perplexity\".below=50",
                                     "expect.final.perplexity.above=2", "expect.versions.above=3"});
  CHECK(scenario.expect == std::vector<scenarios::Expectation>{{"final.perplexity", 50.0, 2.0},
                                                               {"versions", std::nullopt, 3.0}});
}

TEST_CASE("paths are relative to the current folder") {
  const tests::ScenarioFolder folder;
  const auto scenario = folder.read(kScenario, {"model.path=" + folder.path().string() + "/../" +
                                                folder.path().filename().string() + "/base"});
  CHECK(scenario.federation.model.path == folder.path() / "base");
  const auto errors = folder.errors(kScenario, {"data.path=no-such-file-here.jsonl"});
  REQUIRE(errors.size() == 1);
  CHECK(errors[0] == "--set data.path=no-such-file-here.jsonl: data.path: no such file: " +
                         (std::filesystem::current_path() / "no-such-file-here.jsonl").string());
}

TEST_CASE("errors name the option") {
  CHECK(error_of_sets({"lora.r=0"}) ==
        "--set lora.r=0: lora.r: 0 is out of range; allowed: 1 to 1024");
  CHECK(error_of_sets({"lorra.r=4"})
            .starts_with("--set lorra.r=4: lorra: unknown key; allowed: name, seed, model, lora"));
  CHECK(error_of_sets({"lorra.r=4"}).ends_with("did you mean lora?"));
  CHECK(error_of_sets({"devices.tiers.2.share=1"}) ==
        "--set devices.tiers.2.share=1: devices.tiers: has no entry 2; allowed: 0 to 1");
  CHECK(error_of_sets({"devices.tiers.first.share=1"}) ==
        "--set devices.tiers.first.share=1: devices.tiers: has no entry first; allowed: 0 to 1");
  CHECK(error_of_sets({"train.epochs.x=1"}) ==
        "--set train.epochs.x=1: train.epochs: is the integer 2 and has no key \"x\"");
  CHECK(error_of_sets({"stop.versions=0"}).find("nothing would end the run") != std::string::npos);
}

TEST_CASE("what is no assignment is refused") {
  for (const std::string set : {"lora.r", "=3", "a b=3", "lora..r=3", ".r=1", ""}) {
    const std::string error = error_of_sets({set});
    CHECK_MESSAGE(error.find("is not of the form section.key=value") != std::string::npos, error);
    CHECK(error.starts_with("--set " + set + ": "));
  }
}

TEST_CASE("a value cannot smuggle in other keys") {
  CHECK(error_of_sets({"lora.r=4\nseed = 3"}).find("lora.r: must be an integer") !=
        std::string::npos);
}

}  // namespace
}  // namespace lorafleet
