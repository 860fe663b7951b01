#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "tests/tools/program.hpp"
#include "tests/tools/small_scenario.hpp"

namespace lorafleet {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Waits until the run says `text` on stderr; false after a minute.
bool has_said(const tests::Program& program, const std::string& text) {
  for (int i = 0; i < 600; ++i) {
    if (contains(program.err(), text)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

TEST_CASE("a run writes its directory and says what came of it") {
  const tests::SmallScenario small;
  const auto output =
      tests::run_program({"run", small.file(), "--out", small.path("out"), "--set",
                          "expect.versions.above=2.5", "--set", "expect.final.loss.below=1000"});
  CHECK_MESSAGE(output.status == 0, output.err);
  CHECK(output.out.starts_with("small: completed (versions), 3 versions of 6 updates, "));
  CHECK(contains(output.out, "\nperplexity  "));
  CHECK(contains(output.out, "\nversions above 2.5"));
  CHECK(contains(output.err, "version 3/3  virtual 0:"));
  CHECK_FALSE(contains(output.err, "\r"));
  for (const std::string name : {"scenario.toml", "summary.json", "rounds.csv", "events.jsonl",
                                 "adapter/adapter_config.json"}) {
    CHECK(std::filesystem::exists(small.path("out/" + name)));
  }

  SUBCASE("the stored scenario gives the same bytes again") {
    const auto again = tests::run_program(
        {"run", small.path("out/scenario.toml"), "--out", small.path("again"), "--quiet"});
    CHECK(again.status == 0);
    CHECK(again.err.empty());
    CHECK(read_file(small.path("again/events.jsonl")) == read_file(small.path("out/events.jsonl")));
  }
  SUBCASE("a directory that holds something is refused") {
    const std::string before = read_file(small.path("out/summary.json"));
    const auto again = tests::run_program({"run", small.file(), "--out", small.path("out")});
    CHECK(again.status == 2);
    CHECK(again.err.starts_with("error: --out " + small.path("out") + ": exists already"));
    CHECK(read_file(small.path("out/summary.json")) == before);
  }
}

TEST_CASE("a missed threshold ends with status 3 and leaves the results") {
  const tests::SmallScenario small;
  const auto output =
      tests::run_program({"run", small.file(), "--out", small.path("out"), "--quiet", "--set",
                          "expect.versions.below=3", "--set", "expect.verions.above=1"});
  CHECK(output.status == 3);
  CHECK(output.err ==
        "error: [expect] versions is 3.0, not below 3.0\n"
        "error: [expect] verions is no figure of summary.json; did you mean versions?\n");
  CHECK(contains(output.out, "MISSED"));
  CHECK(std::filesystem::exists(small.path("out/summary.json")));
}

TEST_CASE("a dry run trains nothing, writes nothing and foretells the events") {
  const tests::SmallScenario small;
  const auto output = tests::run_program({"run", small.file(), "--dry-run", "--quiet"});
  CHECK(output.status == 0);
  CHECK(output.out.starts_with("small: 3 versions in 0:"));
  CHECK(contains(output.out, "updates applied"));
  CHECK_FALSE(std::filesystem::exists(small.path("runs")));
}

TEST_CASE("partition prints the split and names its picture") {
  const tests::SmallScenario small;
  const auto output = tests::run_program({"partition", small.file(), "--out", small.path("split")});
  CHECK(output.status == 0);
  CHECK(contains(output.out, "examples over 4 clients"));
  CHECK(contains(output.out, "picture   " + small.path("split/partition.svg")));
  CHECK(std::filesystem::exists(small.path("split/partition.svg")));
  const auto loaded =
      tests::run_program({"partition", small.file(), "--set",
                          "partition.manifest=" + small.path("split/partition.json")});
  CHECK_MESSAGE(loaded.status == 0, loaded.err);
}

TEST_CASE("verify compares the bytes of runs on several numbers of slots") {
  const tests::SmallScenario small;
  const auto output = tests::run_program(
      {"verify", small.file(), "--slots", "1,3", "--out", small.path("kept"), "--quiet"});
  CHECK_MESSAGE(output.status == 0, output.err);
  CHECK(contains(output.out, "equal bytes on all numbers of slots"));
  CHECK(std::filesystem::exists(small.path("kept/2-slots-3/summary.json")));
  CHECK(tests::run_program({"verify", small.file(), "--slots", "1"}).status == 2);
  CHECK(tests::run_program({"verify", small.file(), "--slots", "1,0"}).status == 2);
}

TEST_CASE("an interrupted run ends cleanly with status 130") {
  const tests::SmallScenario small;
  tests::Program program({"run", small.file(), "--out", small.path("out"), "--set",
                          "stop.versions=1000000", "--set", "evaluation.every_versions=0"});
  REQUIRE(has_said(program, "version "));
  program.signal(SIGINT);
  const auto output = program.wait();
  CHECK(output.status == 130);
  CHECK(contains(output.err, "stopping with what there is"));
  CHECK(output.out.starts_with("small: interrupted"));
  CHECK(contains(read_file(small.path("out/summary.json")), "\"interrupted\""));
}

TEST_CASE("a second signal ends a run at once") {
  const tests::SmallScenario small;
  tests::Program program(
      {"run", small.file(), "--out", small.path("out"), "--set", "stop.versions=1000000"});
  REQUIRE(has_said(program, "version "));
  program.signal(SIGTERM);
  program.signal(SIGINT);
  CHECK(program.wait().status == 130);
}

}  // namespace
}  // namespace lorafleet
