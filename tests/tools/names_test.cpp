#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "partition/support/csv.hpp"
#include "partition/support/printable.hpp"
#include "tests/tools/program.hpp"

namespace lorafleet {
namespace {

using nlohmann::json;

/// All that a name may have: comma, quotes, markup, a formula, emoji, and a length that fills
/// columns.
std::string hell() {
  return "=1+1, \"old\" 'x' </script>&amp;]]> \\ # \xF0\x9F\x93\xB1\xE2\x80\xAE " +
         std::string(300, 'x');
}

std::string in_toml(const std::string& name) {
  std::string text = json(name).dump();  // escapes as TOML's basic strings do, all but DEL
  if (const auto at = text.find('\x7F'); at != text.npos) text.replace(at, 1, "\\u007f");
  return text;
}

/// A surrogate whose clients are of two tiers.
std::string scenario_text(const std::string& name, const std::string& devices) {
  return "name = \"" + name +
         "\"\n[train]\nkind = \"surrogate\"\n[partition]\nclients = 6\n"
         "[clients]\nper_round = 2\novercommit = 2.0\n" +
         devices + "[stop]\nversions = 3\n";
}

std::string two_tiers(const std::string& tier) {
  return "[devices]\ntiers = [{ name = " + in_toml(tier) +
         ", share = 0.5, tokens_per_second = 500 },"
         " { name = \"plain\", share = 0.5, tokens_per_second = 50 }]\n";
}

std::vector<std::vector<std::string>> rows_of(const std::filesystem::path& file) {
  std::vector<std::vector<std::string>> rows;
  for_each_csv_record(read_file(file), {}, [&](CsvRecord& record) {
    CHECK(record.problem.empty());
    rows.push_back(record.cells);
  });
  return rows;
}

void check_tables(const std::filesystem::path& run, const std::string& tier) {
  const auto clients = rows_of(run / "clients.csv");
  REQUIRE(clients.size() == 7);
  std::size_t named = 0;
  for (const auto& row : clients) {
    REQUIRE(row.size() == clients[0].size());
    named += row[1] == tier ? 1 : 0;
  }
  CHECK(named == 3);
  const auto rounds = rows_of(run / "rounds.csv");
  REQUIRE(rounds.size() == 5);
  for (const auto& row : rounds)
    CHECK(row.size() == rounds[0].size());
}

void check_shown(const tests::Output& output) {
  CHECK(printable(output.out, true) == output.out);
  CHECK(printable(output.err, true) == output.err);
}

}  // namespace

TEST_CASE("a tier's name from hell comes through every output") {
  const tests::TemporaryFolder folder;
  const std::string file = (folder / "hell.toml").string();
  write_file(file, scenario_text("hell", two_tiers(hell())));
  const std::string out = (folder / "run").string();
  const auto run = tests::run_program({"run", file, "--out", out});
  REQUIRE_MESSAGE(run.status == 0, run.err);
  check_shown(run);
  check_tables(out, hell());
  CHECK(json::parse(read_file(folder / "run/summary.json")).at("name").get<std::string>() ==
        "hell");
  CHECK(json::parse(read_file(folder / "run/trace.json")).at("traceEvents").size() > 3);
  const std::string log = read_file(folder / "run/run.log");
  CHECK(printable(log, true) == log);
  for_each_line(folder / "run/events.jsonl", [](std::string_view line, std::size_t) {
    CHECK(json::parse(line).contains("event"));
  });

  // What the run wrote down is the same scenario, and reads back to the same text.
  const auto checked = tests::run_program({"check", out + "/scenario.toml"});
  REQUIRE_MESSAGE(checked.status == 0, checked.err);
  CHECK(checked.out == read_file(folder / "run/scenario.toml"));
  CHECK(tests::run_program({"run", file, "--resume", out}).status == 0);
  const auto schedule = tests::run_program({"run", file, "--dry-run"});
  REQUIRE(schedule.status == 0);
  check_shown(schedule);
  CHECK(schedule.out.find(hell()) != std::string::npos);
}

TEST_CASE("a file of devices gives the same names in quotes") {
  const tests::TemporaryFolder folder;
  std::string rows = "tier,tokens_per_second\n";
  for (int i = 0; i < 3; ++i)
    rows += csv_line({hell(), "500"}) + " \"plain\" , 50 \n";
  write_file(folder / "devices.csv", rows);
  write_file(folder / "hell.toml",
             scenario_text("hell", "[devices]\nfile = \"devices.csv\"\ntiers = []\n"));
  const std::string out = (folder / "run").string();
  const auto run = tests::run_program({"run", (folder / "hell.toml").string(), "--out", out});
  REQUIRE_MESSAGE(run.status == 0, run.err);
  check_tables(out, hell());
}

TEST_CASE("names with control characters are refused where they are read, and not printed") {
  const tests::TemporaryFolder folder;
  const std::string file = (folder / "bad.toml").string();
  for (const std::string bad : {"a\nb", "a\tb", "\x1B[31mred", "\x7F",
                                "\xC2\x9B"
                                "2J"}) {
    write_file(file, scenario_text("bad", two_tiers(bad)));
    const auto refused = tests::run_program({"check", file});
    CHECK(refused.status == 2);
    CHECK(refused.err.find("bad.toml:") != std::string::npos);
    CHECK(refused.err.find("devices.tiers: ") != std::string::npos);
    CHECK(refused.err.find("has control characters in its name") != std::string::npos);
    check_shown(refused);

    std::string rows = "tier,tokens_per_second\n";
    for (int i = 0; i < 6; ++i)
      rows += csv_line({bad, "5"});
    write_file(folder / "devices.csv", rows);
    write_file(file, scenario_text("bad", "[devices]\nfile = \"devices.csv\"\ntiers = []\n"));
    const auto from_file = tests::run_program({"run", file, "--dry-run"});
    CHECK(from_file.status == 2);
    CHECK(from_file.err.find("devices.csv:2:tier: ") != std::string::npos);
    check_shown(from_file);
  }
  const auto name = tests::run_program({"check", file, "--set", "name=a, b"});
  CHECK(name.status == 2);
}

TEST_CASE("a sweep over names from hell has whole tables") {
  const tests::TemporaryFolder folder;
  write_file(folder / "hell.toml", scenario_text("hell", two_tiers(hell())));
  const std::string tiers =
      "[{ name = " + in_toml(hell()) + ", share = 1.0, tokens_per_second = 70 }]";
  write_file(folder / "sweep.toml",
             "scenario = \"hell.toml\"\n[[cases]]\nname = " + in_toml(hell()) +
                 "\nset = { \"devices.tiers\" = " + tiers + " }\n[[cases]]\nname = \"as it is\"\n");
  const std::string out = (folder / "sweep").string();
  const auto swept =
      tests::run_program({"sweep", (folder / "sweep.toml").string(), "--out", out, "--quiet"});
  REQUIRE_MESSAGE(swept.status == 0, swept.err);
  check_shown(swept);
  const auto rows = rows_of(folder / "sweep/sweep.csv");
  REQUIRE(rows.size() == 3);
  for (const auto& row : rows)
    CHECK(row.size() == rows[0].size());
  const auto key = std::find(rows[0].begin(), rows[0].end(), "devices.tiers") - rows[0].begin();
  REQUIRE(key < static_cast<std::ptrdiff_t>(rows[0].size()));
  CHECK(rows[1][static_cast<std::size_t>(key)].find("</script>") != std::string::npos);
  const auto document = json::parse(read_file(folder / "sweep/sweep.json"));
  REQUIRE(document.at("cases").size() == 2);
  CHECK(document.at("cases").at(0).at("figures").contains("jobs_in_flight_at_end"));
}

}  // namespace lorafleet
