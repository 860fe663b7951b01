#include <doctest/doctest.h>

#include "tests/scenarios/schema/scenario_files.hpp"

namespace lorafleet {
namespace {

using Lines = std::vector<std::string>;

TEST_CASE("the smallest scenario names a model and data") {
  const tests::ScenarioFolder folder;
  const auto scenario = folder.read(tests::ScenarioFolder::required());
  CHECK(scenario.warnings.empty());
  CHECK(scenario.federation.name == "unnamed");
  CHECK(scenario.federation.model.path == folder.path() / "base");
  CHECK(scenario.federation.data.path == folder.path() / "rows.jsonl");
}

TEST_CASE("an unknown key is named with what is allowed and the nearest key") {
  CHECK(
      tests::only_error("[lora]\nlora_alfa = 16\n") ==
      "scenario.toml:6:1: lora.lora_alfa: unknown key; allowed: r, lora_alpha, lora_dropout, "
      "use_rslora, target_modules, rank_pattern, alpha_pattern, ranks, init_adapter; did you mean "
      "lora_alpha?");
}

TEST_CASE("an unknown section is named with the nearest section") {
  const std::string error = tests::only_error("[patition]\nclients = 4\n");
  CHECK(error.starts_with("scenario.toml:5:2: patition: unknown key; allowed: name, seed, model"));
  CHECK(error.ends_with("; did you mean partition?"));
}

TEST_CASE("a key in the wrong section is named with its own section") {
  const std::string error = tests::only_error("[aggregation]\nper_round = 4\n");
  CHECK(error.starts_with("scenario.toml:6:1: aggregation.per_round: unknown key; allowed: mode"));
  CHECK(error.ends_with("; did you mean clients.per_round?"));
}

TEST_CASE("a wrong type is named with the type that is wanted") {
  CHECK(tests::only_error("[lora]\nr = \"eight\"\n") ==
        "scenario.toml:6:5: lora.r: must be an integer, not the string \"eight\"; allowed: 1 to "
        "1024");
  CHECK(tests::only_error("[lora]\nr = 8.0\n") ==
        "scenario.toml:6:5: lora.r: must be an integer, not the number 8.0; allowed: 1 to 1024");
  CHECK(tests::only_error("[lora]\nuse_rslora = 1\n") ==
        "scenario.toml:6:14: lora.use_rslora: must be a boolean, not the integer 1");
  CHECK(tests::only_error("[train]\nlr = 2020-01-01\n") ==
        "scenario.toml:6:6: train.lr: must be a number, not a date or time; allowed: above 0");
  CHECK(tests::only_error("[lora]\ntarget_modules = \"q_proj\"\n") ==
        "scenario.toml:6:18: lora.target_modules: must be an array of strings, not the string "
        "\"q_proj\"");
}

TEST_CASE("a section that is no table is refused") {
  const tests::ScenarioFolder folder;
  CHECK(folder.errors("lora = 3\n" + tests::ScenarioFolder::required()) ==
        Lines{"scenario.toml:1:8: lora: must be a table, not the integer 3"});
  CHECK(tests::only_error("[devices]\ntiers = 3\n") ==
        "scenario.toml:6:9: devices.tiers: must be an array of tables, not the integer 3");
}

TEST_CASE("a value out of range is named with the range") {
  CHECK(tests::only_error("[lora]\nr = 0\n") ==
        "scenario.toml:6:5: lora.r: 0 is out of range; allowed: 1 to 1024");
  CHECK(tests::only_error("[lora]\nlora_dropout = 1.0\n") ==
        "scenario.toml:6:16: lora.lora_dropout: 1.0 is out of range; allowed: 0 or more, below 1");
  CHECK(tests::only_error("[train]\nlr = 0.0\n") ==
        "scenario.toml:6:6: train.lr: 0.0 is out of range; allowed: above 0");
  CHECK(tests::only_error("[train]\nlr = inf\n") ==
        "scenario.toml:6:6: train.lr: inf is out of range; allowed: above 0");
  CHECK(tests::only_error("[train]\nlr = nan\n") ==
        "scenario.toml:6:6: train.lr: nan is out of range; allowed: above 0");
  CHECK(tests::only_error("[slots]\nthreads = 0\n") ==
        "scenario.toml:6:11: slots.threads: 0 is out of range; allowed: 1 to 256");
}

TEST_CASE("an unknown name is named with the known ones and the nearest") {
  CHECK(tests::only_error("[aggregation]\nmode = \"fedbuf\"\n") ==
        "scenario.toml:6:8: aggregation.mode: \"fedbuf\" is not known; allowed: sync, fedbuff, "
        "fedasync, tiered; did you mean fedbuff?");
  CHECK(tests::only_error("[evaluation]\nmetrics = [\"rouge\", \"token_1\"]\n") ==
        "scenario.toml:6:21: evaluation.metrics: \"token_1\" is not known; allowed: rouge, "
        "exact_match, exact_match_with_articles, exact_match_verbatim, token_f1, "
        "token_f1_with_articles, choice_accuracy; did you mean token_f1?");
}

TEST_CASE("a syntax error has its line and column") {
  const std::string error = tests::only_error("[lora\nr = 8\n");
  CHECK(error.starts_with("scenario.toml:5:6: not valid TOML: "));
  const std::string twice = tests::only_error("[lora]\nr = 8\nr = 4\n");
  CHECK(twice.starts_with("scenario.toml:7:"));
}

TEST_CASE("a missing file is named and said to be missing") {
  const tests::ScenarioFolder folder;
  try {
    (void)scenarios::read_scenario(folder.path() / "nothing.toml");
    FAIL("was read");
  } catch (const InputError& error) {
    CHECK(std::string(error.what()).find("nothing.toml") != std::string::npos);
    CHECK(std::string(error.what()).find("no such file") != std::string::npos);
  }
  CHECK_THROWS_WITH_AS(
      (void)scenarios::read_scenario(folder.path()),
      (folder.path().string() + ": is a folder; a scenario is a TOML file").c_str(), InputError);
}

TEST_CASE("all errors are listed, in the order of the file") {
  const tests::ScenarioFolder folder;
  const Lines errors = folder.errors(
      "seed = -1\n[stop]\nversions = -3\n[lora]\nr = 0\nrank = 4\n[model]\npath = \"nowhere\"\n",
      {"train.lr=fast"});
  CHECK(join(errors, "\n") ==
        join({"scenario.toml: data.path: is missing",
              "scenario.toml:1:8: seed: -1 is out of range; allowed: 0 or more",
              "scenario.toml:3:12: stop.versions: -3 is out of range; allowed: 0 or more",
              "scenario.toml:5:5: lora.r: 0 is out of range; allowed: 1 to 1024",
              "scenario.toml:6:1: lora.rank: unknown key; allowed: r, lora_alpha, lora_dropout, "
              "use_rslora, target_modules, rank_pattern, alpha_pattern, ranks, init_adapter; "
              "did you mean ranks?",
              "scenario.toml:8:8: model.path: no such folder: nowhere; get it by a download, or a "
              "small "
              "one by lorafleet new-base",
              "--set train.lr=fast: train.lr: must be a number, not the string \"fast\"; allowed: "
              "above 0"},
             "\n"));
}

TEST_CASE("distributions are checked to their parameters") {
  CHECK(
      tests::only_error("[network]\nupload_mbps = { distribution = \"lognorm\", median = 3 }\n") ==
      "scenario.toml:6:32: network.upload_mbps.distribution: \"lognorm\" is not known; allowed: "
      "constant, uniform, lognormal, pareto; did you mean lognormal?");
  CHECK(
      tests::only_error("[network]\nupload_mbps = { distribution = \"lognormal\", sigma = 1 }\n") ==
      "scenario.toml:6:15: network.upload_mbps.median: is missing; allowed: above 0");
  CHECK(tests::only_error(
            "[network]\nupload_mbps = { distribution = \"uniform\", low = 9, high = 3 }\n") ==
        "scenario.toml:6:59: network.upload_mbps.high: 3.0 is out of range; allowed: 9 or more");
  CHECK(tests::only_error(
            "[network]\nupload_mbps = { distribution = \"pareto\", minimum = 9, shap = 3 "
            "}\n",
            {"network.upload_mbps.shape=2"}) ==
        "scenario.toml:6:55: network.upload_mbps.shap: unknown key; allowed: distribution, "
        "minimum, shape; did you mean shape?");
  CHECK(tests::only_error("[devices]\njitter = true\n")
            .starts_with("scenario.toml:6:10: devices.jitter: must be a number or a table like"));
}

TEST_CASE("a lognormal jitter has the median 1 where none is given") {
  const tests::ScenarioFolder folder;
  const auto scenario =
      folder.read(tests::ScenarioFolder::required() +
                  "[devices]\njitter = { distribution = \"lognormal\", sigma = 0.2 }\n");
  CHECK(scenario.federation.devices.jitter == sim::Distribution::lognormal(1.0, 0.2));
}

TEST_CASE("thresholds need a bound of their own kind") {
  CHECK(tests::only_error("[expect]\n\"final.perplexity\" = 40\n") ==
        "scenario.toml:6:22: expect.final.perplexity: must be a table like { below = 40 } or "
        "{ above = 0.3 }, not the integer 40");
  CHECK(tests::only_error("[expect]\n\"final.perplexity\" = { bellow = 40 }\n") ==
        "scenario.toml:6:24: expect.final.perplexity.bellow: unknown key; allowed: below, above; "
        "did you mean below?");
}

}  // namespace
}  // namespace lorafleet
