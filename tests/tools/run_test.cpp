#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "partition/support/numbers.hpp"
#include "tests/support/text.hpp"
#include "tests/tools/program.hpp"
#include "tests/tools/small_scenario.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet {
namespace {

/// Waits until the run says `text` on stderr; false after a minute.
bool has_said(const tests::Program& program, const std::string& text) {
  for (int i = 0; i < 600; ++i) {
    if (tests::contains(program.err(), text)) return true;
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
  CHECK(tests::contains(output.out, "\nperplexity  "));
  CHECK(tests::contains(output.out, "\nversions above 2.5"));
  CHECK(tests::contains(output.err, "version 3/3  virtual 0:"));
  CHECK_FALSE(tests::contains(output.err, "\r"));
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

TEST_CASE("a run starts where another ended, with layers of different ranks") {
  const tests::SmallScenario small;
  const std::string ranks = "lora.rank_pattern=[{ modules = \"layers.0.*\", r = 4 }]";
  REQUIRE(tests::run_program({"run", small.file(), "--out", small.path("first"), "--set", ranks})
              .status == 0);
  const auto config =
      nlohmann::json::parse(read_file(small.path("first/adapter/adapter_config.json")));
  CHECK(config["r"] == 8);
  CHECK(config["rank_pattern"] == nlohmann::json({{"decoder.layers.0.self_attn.q_proj", 4},
                                                  {"decoder.layers.0.self_attn.v_proj", 4}}));

  const std::string start = "lora.init_adapter=" + small.path("first/adapter");
  REQUIRE(tests::run_program(
              {"run", small.file(), "--out", small.path("second"), "--set", ranks, "--set", start})
              .status == 0);
  const auto first = nlohmann::json::parse(read_file(small.path("first/summary.json")));
  const auto second = nlohmann::json::parse(read_file(small.path("second/summary.json")));
  CHECK(second["initial"]["loss"] == first["final"]["loss"]);

  const auto other =
      tests::run_program({"run", small.file(), "--out", small.path("third"), "--set", start});
  CHECK(other.status == 2);
  CHECK(tests::contains(other.err, "lora.init_adapter: "));
  CHECK(tests::contains(other.err, "layers.0.self_attn.q_proj of [256, 256] with rank 4"));
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
  CHECK(tests::contains(output.out, "MISSED"));
  CHECK(std::filesystem::exists(small.path("out/summary.json")));
}

/// The `lorafleet run` of a surrogate in `folder`, which it makes: a run of milliseconds.
std::vector<std::string> surrogate_run(const tests::TemporaryFolder& folder) {
  write_file(folder / "quick.toml",
             "name = \"quick\"\n[train]\nkind = \"surrogate\"\nlr = 0.1\n[partition]\n"
             "clients = 20\n[stop]\nversions = 3\n[expect]\nversions = { above = 2 }\n");
  return {"run", (folder / "quick.toml").string(), "--quiet"};
}

std::vector<std::string> joined(std::vector<std::string> first,
                                const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

TEST_CASE("resuming a complete run judges it again, and only what it is") {
  const tests::TemporaryFolder folder;
  const auto run = surrogate_run(folder);
  const std::string out = (folder / "out").string();
  const auto resume = [&](const std::vector<std::string>& more) {
    return tests::run_program(joined(joined(run, {"--resume", out}), more));
  };
  const auto begun = resume({});
  CHECK_MESSAGE(begun.status == 0, begun.err);
  const auto summary = read_file(folder / "out/summary.json");
  const auto again = tests::run_program({"run", "--resume", out});
  CHECK(again.status == 0);
  CHECK(tests::contains(again.out, out + " is complete already"));
  CHECK(resume({"--set", "expect.versions.above=3"}).status == 3);
  const auto other = resume({"--set", "seed=5"});
  CHECK(other.status == 2);
  CHECK(tests::contains(other.err, out + ": is a complete run of another scenario"));
  CHECK(read_file(folder / "out/summary.json") == summary);
  const auto nothing = tests::run_program({"run", "--resume", (folder / "none").string()});
  CHECK(nothing.status == 2);
  CHECK(
      tests::contains(nothing.err, "no such folder; allowed: a run directory, or a SCENARIO too"));
}

TEST_CASE("a folder in which a run works is refused to another") {
  const tests::TemporaryFolder folder;
  const auto run = surrogate_run(folder);
  make_folder(folder / "out");
  const FolderLock lock(folder / "out");
  const auto output = tests::run_program(joined(run, {"--out", (folder / "out").string()}));
  CHECK(output.status == 2);
  CHECK(tests::contains(output.err, "out: another process is working in this folder"));
}

/// What stands behind `label` in a table of the program.
std::string cell(const std::string& table, const std::string& label) {
  const std::size_t at = table.find("\n" + label + "  ");
  if (at == std::string::npos) return "no " + label;
  const std::size_t start = table.find_first_not_of(' ', at + 1 + label.size());
  return table.substr(start, table.find('\n', start) - start);
}

std::set<std::string> names_in(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

TEST_CASE("a dry run writes nothing and foretells the schedule of the run") {
  const tests::SmallScenario small;
  const std::string limit = "stop.versions=7";
  const auto before = names_in(small.path(""));
  const auto dry =
      tests::run_program({"run", small.file(), "--dry-run", "--set", limit}, small.path(""));
  CHECK_MESSAGE(dry.status == 0, dry.err);
  CHECK_FALSE(tests::contains(dry.err, "version "));
  CHECK(names_in(small.path("")) == before);

  const auto real =
      tests::run_program({"run", small.file(), "--out", small.path("out"), "--set", limit});
  REQUIRE_MESSAGE(real.status == 0, real.err);
  const auto summary = nlohmann::json::parse(read_file(small.path("out/summary.json")));
  CHECK(dry.out.starts_with("small: " + summary["versions"].dump() + " versions in " +
                            tools::clock_text(summary["virtual_seconds"].get<double>()) +
                            " of virtual time (versions)"));
  for (const std::string count :
       {"jobs", "updates received", "updates applied", "updates dropped"}) {
    std::string key = count;
    std::replace(key.begin(), key.end(), ' ', '_');
    CAPTURE(key);
    CHECK(cell(dry.out, count) == summary[key].dump());
  }
  CHECK(cell(dry.out, "tokens to train") == grouped(summary["train_tokens"].get<std::int64_t>()));
}

TEST_CASE("a dry run may name a directory that holds something, since it writes nothing") {
  const tests::SmallScenario small;
  const auto output =
      tests::run_program({"run", small.file(), "--dry-run", "--out", small.path(""), "--quiet"});
  CHECK_MESSAGE(output.status == 0, output.err);
}

/// No round of this has an update in time.
const std::vector<std::string> kHopeless = {
    "--set", "aggregation.mode=sync",          "--set", "clients.per_round=2",
    "--set", "clients.deadline_seconds=0.001", "--set", "evaluation.max_examples=1"};

TEST_CASE("a run that makes no progress says why and what to change, with status 1") {
  const tests::SmallScenario small;
  std::vector<std::string> arguments = {"run", small.file(), "--out", small.path("out")};
  arguments.insert(arguments.end(), kHopeless.begin(), kHopeless.end());
  const auto output = tests::run_program(arguments);
  CHECK(output.status == 1);
  CHECK(tests::contains(output.out, "(no_progress), 0 versions of 0 updates, 200 dropped\n"));
  CHECK(tests::contains(output.err,
                        "error: no version could be made after version 0: 100 rounds failed; raise "
                        "clients.deadline_seconds, or lower clients.min_updates or "
                        "availability.drop_probability"));
  CHECK(std::filesystem::exists(small.path("out/summary.json")));
}

TEST_CASE("a run whose folds overflow ends, and says what to lower") {
  const tests::SmallScenario small;
  const auto output = tests::run_program(
      {"run", small.file(), "--out", small.path("out"), "--quiet", "--set",
       "aggregation.server_lr=1e300", "--set", "aggregation.mode=fedasync", "--set",
       "train.steps=1", "--set", "train.batch_size=1", "--set", "evaluation.max_examples=1"});
  CHECK(output.status == 1);
  CHECK(tests::contains(
      output.err,
      "error: no version could be made after version 0: 100 updates were not finite or "
      "overflowed when they were folded; lower train.lr or aggregation.server_lr\n"));
}

TEST_CASE("verify refuses runs without progress") {
  const tests::SmallScenario small;
  std::vector<std::string> arguments = {"verify", small.file(), "--slots", "1,2", "--quiet"};
  arguments.insert(arguments.end(), kHopeless.begin(), kHopeless.end());
  const auto output = tests::run_program(arguments);
  CHECK(output.status == 1);
  CHECK_FALSE(tests::contains(output.out, "equal"));
  CHECK(tests::contains(output.err, "error: no version could be made after version 0: "));
  CHECK(tests::contains(output.err,
                        "error: equal bytes of runs that led nowhere would show nothing\n"));
}

TEST_CASE("partition prints the split and names its picture") {
  const tests::SmallScenario small;
  const auto output = tests::run_program({"partition", small.file(), "--out", small.path("split")});
  CHECK(output.status == 0);
  CHECK(tests::contains(output.out, "examples over 4 clients"));
  CHECK(tests::contains(output.out, "picture   " + small.path("split/partition.svg")));
  CHECK(std::filesystem::exists(small.path("split/partition.svg")));
  const auto loaded =
      tests::run_program({"partition", small.file(), "--set",
                          "partition.manifest=" + small.path("split/partition.json")});
  CHECK_MESSAGE(loaded.status == 0, loaded.err);
}

TEST_CASE("the clients of a manifest are those that a run can have in flight") {
  const tests::SmallScenario small;
  REQUIRE(tests::run_program({"partition", small.file(), "--out", small.path("split")}).status ==
          0);
  const std::string manifest = "partition.manifest=" + small.path("split/partition.json");
  const auto fits = tests::run_program({"run", small.file(), "--dry-run", "--quiet", "--set",
                                        manifest, "--set", "partition.clients=2"});
  CHECK_MESSAGE(fits.status == 0, fits.err);
  const auto refused =
      tests::run_program({"run", small.file(), "--quiet", "--out", small.path("out"), "--set",
                          manifest, "--set", "clients.concurrency=5"});
  CHECK(refused.status == 2);
  CHECK(tests::contains(
      refused.err,
      "error: clients.concurrency: 5 clients cannot be in flight; allowed: at most 4, "
      "the clients that the data gives\n"));
  CHECK_FALSE(std::filesystem::exists(small.path("out")));
}

TEST_CASE("verify compares the bytes of runs on several numbers of slots") {
  const tests::SmallScenario small;
  const auto output = tests::run_program(
      {"verify", small.file(), "--slots", "1,3", "--out", small.path("kept"), "--quiet"});
  CHECK_MESSAGE(output.status == 0, output.err);
  CHECK(tests::contains(output.out, "equal bytes on all numbers of slots"));
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
  CHECK(tests::contains(output.err, "stopping with what there is"));
  CHECK(output.out.starts_with("small: interrupted"));
  CHECK(tests::contains(read_file(small.path("out/summary.json")), "\"interrupted\""));
  CHECK(tests::contains(read_file(small.path("out/report.html")), "Run interrupted, seed "));
}

TEST_CASE("a second signal ends a run at once") {
  const tests::SmallScenario small;
  // Each job would train for minutes.
  tests::Program program(
      {"run", small.file(), "--out", small.path("out"), "--set", "train.steps=1000000"});
  REQUIRE(has_said(program, "training 4 clients"));
  // Both signals are there when the program goes on: it cannot end by the first alone in between.
  program.signal(SIGSTOP);
  program.signal(SIGTERM);
  program.signal(SIGINT);
  program.signal(SIGCONT);
  const auto output = program.wait();
  CHECK(output.status == 130);
  CHECK(output.out.empty());
  CHECK_FALSE(std::filesystem::exists(small.path("out/summary.json")));
}

}  // namespace
}  // namespace lorafleet
