#include "scenarios/grid/sweep.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "scenarios/grid/sweep_table.hpp"
#include "tests/scenarios/grid/sweep_folder.hpp"

namespace lorafleet {
namespace {

using scenarios::SweepRun;
using tests::SweepFolder;

bool check_contains(const std::string& text, const std::string& part) {
  INFO(text);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

TEST_CASE("a sweep is all combinations of its axes, for each case and seed") {
  SweepFolder folder;
  const auto sweep = folder.read(R"(
seeds = [5, 6]
[set]
stop.versions = 3
[axes]
"lora.r" = [2, 4]
lora.lora_alpha = [8.0, 16.0]
[[cases]]
name = "sync"
set = { "aggregation.mode" = "sync" }
[[cases]]
name = "buffered"
set = { "aggregation.mode" = "fedbuff" }
)");
  REQUIRE(sweep.cases.size() == 8);
  CHECK(sweep.name == "sweep");
  CHECK(sweep.cases[0].name == "01-sync,r=2,lora_alpha=8.0");
  CHECK(sweep.cases[7].name == "08-buffered,r=4,lora_alpha=16.0");
  CHECK(sweep.keys == std::vector<std::string>{"aggregation.mode", "lora.r", "lora.lora_alpha"});
  const auto& run = sweep.cases[6].runs.at(1).federation;
  CHECK(run.seed == 6);
  CHECK(run.stop.versions == 3);
  CHECK(run.lora.r == 4);
  CHECK(run.lora.lora_alpha == 8.0);
  CHECK(run.aggregation.mode == "fedbuff");
}

TEST_CASE("without axes, cases and seeds there is one run, with the scenario's seed") {
  SweepFolder folder;
  const auto sweep = folder.read("");
  REQUIRE(sweep.cases.size() == 1);
  CHECK(sweep.cases[0].name == "01");
  CHECK(sweep.seeds == std::vector<std::int64_t>{42});
}

TEST_CASE("a distribution is one value of a setting") {
  SweepFolder folder;
  const auto sweep = folder.read(
      "[set]\ndevices.jitter = { distribution = \"lognormal\", sigma = 0.5 }\n"
      "[axes]\nnetwork.upload_mbps = [1, { distribution = \"uniform\", low = 1, high = 2 }]\n");
  CHECK(sweep.cases.at(0).runs.at(0).federation.devices.jitter.second == 0.5);
  CHECK(sweep.cases.at(1).runs.at(0).federation.network.upload_mbps.second == 2.0);
}

TEST_CASE("an empty table takes a scenario's entries away") {
  SweepFolder folder;
  const auto sweep = folder.read(
      "[set]\nexpect.versions.above = 3\n[[cases]]\nname = \"kept\"\n"
      "[[cases]]\nname = \"emptied\"\nset = { expect = {} }\n");
  CHECK(sweep.cases.at(0).runs.at(0).expect.size() == 1);
  CHECK(sweep.cases.at(1).runs.at(0).expect.empty());
}

TEST_CASE("the quick part takes seeds, values and cases away and says what is left unasked") {
  SweepFolder folder;
  const std::string text = R"(
seeds = [1, 2, 3]
[set]
stop.versions = 9
[axes]
"lora.r" = [2, 4]
[[cases]]
name = "a"
set = { "train.lr" = 0.1 }
[[cases]]
name = "b"
set = { "train.lr" = 0.2 }
[quick]
seeds = [1, 2]
cases = ["a"]
axes = { "lora.r" = [4, 8] }
set = { "stop.versions" = 2 }
[[questions]]
claim = "of what is left"
figure = "x"
of = "a"
against = { case = "a", figure = "y" }
expect = "higher"
[[questions]]
claim = "of what is gone"
figure = "x"
of = "a"
against = "b"
expect = "higher"
)";
  const auto whole = folder.read(text);
  CHECK(whole.cases.size() == 4);
  CHECK(whole.questions.size() == 2);
  CHECK_FALSE(whole.quick.has_value());
  const auto quick = folder.read(text, true);
  CHECK(quick.name == "sweep-quick");
  REQUIRE(quick.cases.size() == 2);
  CHECK(quick.cases[1].name == "02-a,r=8");
  CHECK(quick.seeds == std::vector<std::int64_t>{1, 2});
  CHECK(quick.cases[0].runs.at(0).federation.stop.versions == 2);
  REQUIRE(quick.questions.size() == 1);
  CHECK(quick.questions[0].effect.of.points == std::vector<std::size_t>{0, 1});
  REQUIRE(quick.quick.has_value());
  CHECK(quick.quick->unanswered == std::vector<std::string>{"of what is gone"});
  CHECK(quick.quick->seeds == 3);
  CHECK(quick.quick->points == 4);

  check_contains(folder.error("", true), "has no [quick] part");
  check_contains(folder.error("[quick]\ncases = [\"c\"]"), "quick.cases: there is no case \"c\"");
  check_contains(folder.error("[quick]\naxes = { \"lora.r\" = [1] }"),
                 "there is no axis \"lora.r\"");
  check_contains(folder.error("[quick]\nsed = 1"), "quick.sed: unknown key; allowed: seeds, set");
}

TEST_CASE("errors of a sweep name the place, those of a scenario the setting") {
  SweepFolder folder;
  check_contains(folder.error("axis = 1"),
                 "sweep.toml:2:1: axis: unknown key; allowed: name, scenario");
  check_contains(folder.error("seeds = []"), "seeds: must be an array of whole numbers");
  check_contains(folder.error("seeds = [1, 1]"), "1 stands there twice");
  check_contains(folder.error("[axes]\n\"lora.r\" = 3"), "axes.lora.r: must be an array");
  check_contains(folder.error("[axes]\nseed = [1, 2]"),
                 "axes.seed: cannot be varied here; use seeds");
  check_contains(folder.error("[[cases]]\nset = {}"), "cases.name: is missing");
  check_contains(folder.error("[axes]\n\"lora.r\" = [2, 0]"), "lora.r: 0 is out of range");
  check_contains(folder.error("[axes]\n\"lora.rr\" = [2]"), "unknown key");
}

scenarios::SweepRuns some_runs() {
  SweepRun good{"completed", "", "01/seed-1", {{"final.perplexity", 10.0}, {"versions", 3.0}}};
  SweepRun better{"completed", "", "01/seed-2", {{"final.perplexity", 14.0}, {"versions", 3.0}}};
  SweepRun bad{"failed", "error: \"disk, full\"", "02/seed-1", {}};
  return {{good, better}, {bad, {"pending", "", "02/seed-2", {}}}};
}

TEST_CASE("what a table shows by itself is what its runs have") {
  SweepFolder folder;
  const auto sweep = folder.read("seeds = [1]\n[axes]\n\"lora.r\" = [2]\n");
  const auto shown = [&](const std::map<std::string, double>& figures) {
    return scenarios::shown_figures(sweep, {{{"completed", "", "01/seed-1", figures}}});
  };
  using Names = std::vector<std::string>;
  CHECK(shown({{"final.loss", 1.0}, {"final.perplexity", 9.0}, {"versions", 3.0}}) ==
        Names{"final.perplexity", "versions"});
  CHECK(shown({{"final.accuracy", 0.5}, {"final.f1", 0.5}, {"final.loss", 1.0}}) ==
        Names{"final.accuracy", "final.f1", "final.loss"});
}

TEST_CASE("means and deviations are those of a sample; failed runs stay in the tables") {
  SweepFolder folder;
  const auto sweep = folder.read("seeds = [1, 2]\n[axes]\n\"lora.r\" = [2, 4]\n");
  const auto runs = some_runs();
  const auto perplexity = scenarios::spread(runs[0], "final.perplexity");
  CHECK(perplexity.count == 2);
  CHECK(perplexity.mean == 12.0);
  CHECK(perplexity.deviation == doctest::Approx(std::sqrt(8.0)));
  CHECK(scenarios::spread(runs[1], "final.perplexity").count == 0);

  CHECK(scenarios::sweep_csv(sweep, runs) ==
        "case,lora.r,run_seed,run_status,error,folder,final.perplexity,versions\n"
        "01-r=2,2,1,completed,,01/seed-1,10,3\n"
        "01-r=2,2,2,completed,,01/seed-2,14,3\n"
        "02-r=4,4,1,failed,\"error: \"\"disk, full\"\"\",02/seed-1,,\n"
        "02-r=4,4,2,pending,,02/seed-2,,\n");
  const auto json = nlohmann::json::parse(scenarios::sweep_json(sweep, runs));
  CHECK(json.at("cases").at(0).at("figures").at("final.perplexity").at("mean") == 12.0);
  CHECK(json.at("cases").at(1).at("runs").at(0).at("error") == "error: \"disk, full\"");
  const auto rows = scenarios::sweep_rows(sweep, runs);
  CHECK(rows.at(0) == std::vector<std::string>{"case", "runs", "final.perplexity", "versions"});
  CHECK(rows.at(1) == std::vector<std::string>{"01-r=2", "2/2", "12 +- 2.828", "3 +- 0"});
  CHECK(rows.at(2) == std::vector<std::string>{"02-r=4", "0/2", "-", "-"});
}

}  // namespace
}  // namespace lorafleet
