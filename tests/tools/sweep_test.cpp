#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>

#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/text.hpp"
#include "tests/tools/program.hpp"
#include "tests/tools/small_scenario.hpp"

namespace lorafleet {
namespace {

TEST_CASE("a sweep runs all cases, keeps failed ones, and does not repeat complete ones") {
  const tests::SmallScenario small;
  const tests::TemporaryFolder folder;
  write_file(folder / "grid.toml", "scenario = \"" + small.file() +
                                       "\"\nfigures = [\"versions\"]\n[axes]\n\"lora.r\" = [2, 4]\n"
                                       "[set]\n\"train.lr\" = 1e-3\n");
  const std::string out = (folder / "out").string();
  const auto first =
      tests::run_program({"sweep", (folder / "grid.toml").string(), "--out", out, "--jobs", "2"});
  CAPTURE(first.err);
  CHECK(first.status == 0);
  CHECK(tests::contains(first.out, "01-r=2   1/1"));
  CHECK(tests::contains(first.out, "02-r=4   1/1"));
  const std::string csv = read_file(folder / "out/sweep.csv");
  CHECK(tests::contains(csv, "01-r=2,2,"));
  CHECK(tests::contains(csv, ",completed,,02-r=4/seed-"));

  const std::string page = read_file(folder / "out/report.html");
  CHECK(tests::contains(page, "<h1>grid</h1>"));
  const std::string later = (folder / "later.html").string();
  CHECK(tests::run_program({"report", out, "--out", later}).status == 0);
  CHECK(read_file(later) == page);

  const auto written = std::filesystem::last_write_time(folder / "out/01-r=2");
  std::filesystem::remove_all(folder / "out/02-r=4");
  const auto again =
      tests::run_program({"sweep", (folder / "grid.toml").string(), "--out", out, "--quiet"});
  CHECK(again.status == 0);
  CHECK(std::filesystem::last_write_time(folder / "out/01-r=2") == written);
  CHECK(read_file(folder / "out/sweep.csv").size() > 0);

  const auto changed = tests::run_program(
      {"sweep", (folder / "grid.toml").string(), "--out", out, "--quiet", "--set", "train.lr=0.1"});
  CHECK(changed.status == 2);
  CHECK(
      tests::contains(changed.err, "belongs to another version of this sweep; use another --out"));
}

TEST_CASE("a sweep counts missed thresholds, names unknown figures and refuses another's folder") {
  const tests::TemporaryFolder folder;
  write_file(folder / "quick.toml",
             "name = \"quick\"\n[train]\nkind = \"surrogate\"\nlr = 0.1\n[partition]\n"
             "clients = 20\n[stop]\nversions = 3\n[expect]\nversions = { above = 3 }\n");
  const auto sweep = [&](const std::string& text) {
    write_file(folder / "grid.toml", "scenario = \"quick.toml\"\n" + text);
    return tests::run_program(
        {"sweep", (folder / "grid.toml").string(), "--out", (folder / "out").string(), "--quiet"});
  };
  const std::string axis = "figures = [\"verions\"]\n[axes]\n\"train.lr\" = [0.1, 0.2]\n";
  const auto first = sweep("seeds = [1, 2]\n" + axis);
  CHECK_MESSAGE(first.status == 3, first.err);
  CHECK(tests::contains(first.out, "2/2, 2 missed"));
  CHECK(tests::contains(first.err, "no run has \"verions\""));
  const std::string table = read_file(folder / "out/sweep.csv");

  const auto fewer = sweep("seeds = [1]\n" + axis);
  CHECK(fewer.status == 2);
  CHECK(tests::contains(fewer.err, "belongs to another version of this sweep; use another --out"));
  CHECK(read_file(folder / "out/sweep.csv") == table);
  CHECK(sweep("seeds = [1, 2, 3]\n" + axis).status == 3);
  CHECK(read_file(folder / "out/sweep.csv").size() > table.size());
}

TEST_CASE("runs of a sweep on a base in other quantisations have the bytes of runs alone") {
  const tests::SmallScenario small;
  const tests::TemporaryFolder folder;
  // Runs that follow each other share a process and what it has loaded.
  write_file(folder / "grid.toml", "scenario = \"" + small.file() +
                                       "\"\nseeds = [5]\n[axes]\n\"lora.r\" = [2, 4]\n"
                                       "\"model.quantization\" = [\"none\", \"int8\", \"nf4\"]\n");
  const std::string grid = (folder / "grid.toml").string();
  const auto estimate = tests::run_program({"sweep", grid, "--out", small.path("e"), "--estimate"});
  CHECK_MESSAGE(estimate.status == 0, estimate.err);
  CHECK(tests::contains(estimate.out, " (3 bases): about "));
  const auto swept =
      tests::run_program({"sweep", grid, "--out", (folder / "out").string(), "--quiet"});
  REQUIRE_MESSAGE(swept.status == 0, swept.err);
  std::set<std::string> adapters;
  std::size_t runs = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "out")) {
    if (entry.path().filename() != "summary.json") continue;
    ++runs;
    const auto run = entry.path().parent_path();
    const std::string alone = small.path("alone" + std::to_string(runs));
    const auto again =
        tests::run_program({"run", (run / "scenario.toml").string(), "--out", alone, "--quiet"});
    REQUIRE_MESSAGE(again.status == 0, again.err);
    const auto sha_of = [](const std::filesystem::path& file) {
      return nlohmann::json::parse(read_file(file)).at("adapter_sha256").get<std::string>();
    };
    CHECK(sha_of(alone + "/summary.json") == sha_of(entry.path()));
    adapters.insert(sha_of(entry.path()));
  }
  CHECK(runs == 6);
  CHECK(adapters.size() == 6);
}

TEST_CASE("a sweep whose folder is taken away ends with an error that names it") {
  const tests::SmallScenario small;
  const tests::TemporaryFolder folder;
  write_file(folder / "grid.toml",
             "scenario = \"" + small.file() + "\"\n[axes]\n\"lora.r\" = [2, 4]\n");
  tests::Program sweep(
      {"sweep", (folder / "grid.toml").string(), "--out", (folder / "out").string()});
  while (!std::filesystem::exists(folder / "out/sweep.json")) {
    REQUIRE_FALSE(sweep.ended());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::filesystem::rename(folder / "out", folder / "elsewhere");
  const auto output = sweep.wait();
  CAPTURE(output.err);
  CHECK(output.status == 1);
  CHECK(tests::contains(output.err, "out/sweep.csv"));
}

}  // namespace
}  // namespace lorafleet
