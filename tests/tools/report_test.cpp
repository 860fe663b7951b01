#include <doctest/doctest.h>

#include "partition/support/files.hpp"
#include "partition/support/hash.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/text.hpp"
#include "tests/tools/program.hpp"

namespace lorafleet {
namespace {

std::string stress(const std::string& name) {
  return (tests::source_folder() / "scenarios" / "stress" / (name + ".toml")).string();
}

TEST_CASE("report writes a page of a run, the same bytes each time") {
  const tests::TemporaryFolder folder;
  const std::string run = (folder / "run").string();
  REQUIRE(tests::run_program({"run", stress("dropout_30"), "--quiet", "--set", "stop.versions=8",
                              "--set", "partition.clients=60", "--set", "clients.per_round=20",
                              "--set", "clients.min_updates=5", "--out", run})
              .status != 2);
  const auto made = tests::run_program({"report", run});
  CAPTURE(made.err);
  CHECK(made.status == 0);
  const std::string page = read_file(folder / "run/report.html");
  CHECK(tests::contains(page, "<h1>dropout_30</h1>"));
  CHECK(page.size() < 1'500'000);
  const std::string second = (folder / "second.html").string();
  CHECK(tests::run_program({"report", run, "--out", second}).status == 0);
  CHECK(page == read_file(second));
  const auto both = tests::run_program({"report", run, run, "--baseline", run, "--target", "1.1",
                                        "--title", "Two of them", "--out", second});
  CHECK(both.status == 0);
  CHECK(tests::contains(read_file(second), "<h1>Two of them</h1>"));
}

TEST_CASE("report refuses what is no run, with one message") {
  const tests::TemporaryFolder folder;
  const std::string here = folder.path().string();
  const auto complaint = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "report");
    const auto output = tests::run_program(arguments);
    CHECK(output.status == 2);
    return output.err;
  };
  CHECK(tests::contains(complaint({}), "DIR is missing"));
  CHECK(tests::contains(complaint({here}), "is no run directory"));
  CHECK(tests::contains(complaint({here + "/none"}), "no such folder"));
  CHECK(tests::contains(complaint({here, "--target", "-3"}), "--target: \"-3\" is no perplexity"));
  CHECK(tests::contains(complaint({here, "--baseline", here + "/x"}), "is none of the runs"));
  write_file(folder / "scenario.toml", "name = ");
  CHECK(tests::contains(complaint({here}), "scenario.toml:1:"));
  write_file(folder / "scenario.toml", "name = \"x\"\n");
  write_file(folder / "events.jsonl", "{\"t_us\":0}\n");
  CHECK(tests::contains(complaint({here}), "events.jsonl:1: is no line of an event log"));
  CHECK_FALSE(std::filesystem::exists(folder / "report.html"));
}

TEST_CASE("compare prints the keys and results that differ") {
  const tests::TemporaryFolder folder;
  const auto write = [&](const std::string& name, const std::string& lr, const std::string& loss,
                         const std::string& jobs) {
    make_folder(folder / name);
    write_file(folder / name / "scenario.toml", "name = \"x\"\n[train]\nlr = " + lr + "\n");
    write_file(folder / name / "summary.json", "{\"seed\": 1, \"versions\": 3, \"jobs\": " + jobs +
                                                   ", \"final\": {\"loss\": " + loss + "}}");
    return (folder / name).string();
  };
  const std::string a = write("a", "0.1", "4.0", "2000");
  const std::string b = write("b", "0.2", "3.5", "30");
  const auto compared = tests::run_program({"compare", a, b});
  CHECK(compared.status == 0);
  CHECK(tests::contains(compared.out, "train.lr"));
  CHECK(tests::contains(compared.out, "final.loss"));
  CHECK(tests::contains(compared.out, "-12.5 %"));
  CHECK(tests::contains(compared.out, " 4  "));
  CHECK(tests::contains(compared.out, " 3.500  "));
  CHECK(tests::contains(compared.out, " 2,000 "));
  CHECK_FALSE(tests::contains(compared.out, "30.0"));
  CHECK_FALSE(tests::contains(compared.out, "versions"));
  CHECK(tests::run_program({"compare", a, a}).out == "the runs differ in no key and no result\n");
  CHECK(tests::run_program({"compare", a, folder.path().string()}).status == 2);
  CHECK(tests::run_program({"compare", a}).status == 2);
}

TEST_CASE("the chart library is the one that its sums name") {
  const auto library = tests::source_folder() / "third_party" / "echarts";
  const std::string sums = read_file(library / "SHA256SUMS");
  const std::string name = "echarts.lorafleet.min.js";
  const std::string bytes = read_file(library / name);
  CHECK(tests::contains(sums, sha256_hex(bytes) + "  " + name));
  CHECK_FALSE(tests::contains(bytes, "</script"));
  CHECK_FALSE(tests::contains(bytes, "new Function"));
}

}  // namespace
}  // namespace lorafleet
