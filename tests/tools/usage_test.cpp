#include <doctest/doctest.h>

#include <algorithm>

#include "partition/support/error.hpp"
#include "tests/support/text.hpp"
#include "tests/tools/program.hpp"
#include "tests/tools/small_scenario.hpp"
#include "tools/version.hpp"

namespace lorafleet {
namespace {

/// What check says of the data of a SmallScenario.
constexpr const char* kRead =
    "note: read 80 examples (74 for training, 6 held out by group; 0 cut to 256 tokens)\n";

using Arguments = std::vector<std::string>;

TEST_CASE("every command explains itself") {
  const auto general = tests::run_program({"--help"});
  CHECK(general.status == 0);
  CHECK(general.err.empty());
  for (const Arguments& command : {Arguments{"run"},
                                   {"check"},
                                   {"partition"},
                                   {"verify"},
                                   {"schema"},
                                   {"version"},
                                   {"evaluate"},
                                   {"merge"},
                                   {"new-base"},
                                   {"calibrate"},
                                   {"sweep"},
                                   {"generate"},
                                   {"import"},
                                   {"import", "wordnet"},
                                   {"import", "debian-descriptions"}}) {
    CAPTURE(command.back());
    Arguments arguments = command;
    arguments.emplace_back("--help");
    const auto help = tests::run_program(arguments);
    CHECK(help.status == 0);
    CHECK(help.err.empty());
    CHECK(tests::contains(help.out, "Usage: lorafleet " + join(command, " ")));
    CHECK(tests::contains(help.out, "\nExample:\n  lorafleet " + join(command, " ")));
    CHECK(tests::contains(help.out, "--help"));
    CHECK(tests::contains(general.out, "\n  " + command.front() + " "));
  }
}

TEST_CASE("bad usage ends with status 2, one line on stderr and nothing on stdout") {
  const std::vector<std::pair<Arguments, std::string>> cases = {
      {{}, "error: COMMAND is missing"},
      {{"chekc"},
       "error: unknown command \"chekc\"; allowed: run, host, status, watch, check, partition, "
       "evaluate, generate, import, merge, new-base, sweep, report, compare, verify, calibrate, "
       "schema, "
       "version; did you mean check?"},
      {{"run"}, "error: run: SCENARIO is missing (lorafleet run --help shows how)"},
      {{"run", "a.toml", "--dryrun"},
       "error: run: unknown option --dryrun; allowed: --set, --out, --resume, --listen, --hosts, "
       "--own-slots, --silence, --patience, --mixed, --cert, --key, --ca, --allow, --dry-run, "
       "--progress, --quiet, --help; did you mean --dry-run?"},
      {{"check", "a.toml", "b.toml"}, "error: check: too many arguments; allowed: 1"},
      {{"run", "a.toml", "--out"},
       "error: run: the required argument for option '--out' is missing"},
      {{"run", "no-such.toml"}, "error: no-such.toml: no such file"},
      {{"import"}, "error: import: KIND is missing; allowed: wordnet, debian-descriptions"},
      {{"import", "worldnet"},
       "error: import: unknown kind \"worldnet\"; allowed: wordnet, "
       "debian-descriptions; did you mean wordnet?"},
      {{"import", "wordnet", "/nowhere", "--max-rows", "-3"},
       "error: --max-rows: \"-3\" is not a whole number of at least 0"},
  };
  for (const auto& [arguments, message] : cases) {
    CAPTURE(join(arguments, " "));
    const auto output = tests::run_program(arguments);
    CHECK(output.status == 2);
    CHECK(output.out.empty());
    CHECK_MESSAGE(output.err.starts_with(message), output.err);
    CHECK(std::count(output.err.begin(), output.err.end(), '\n') == 1);
  }
}

TEST_CASE("all errors of a scenario come as lines of their own") {
  const tests::SmallScenario small;
  const auto output =
      tests::run_program({"check", small.file(), "--set", "lora.r=0", "--set", "stop.version=3"});
  CHECK(output.status == 2);
  CHECK(output.out.empty());
  CHECK(output.err ==
        "error: --set stop.version=3: stop.version: unknown key; allowed: versions, "
        "virtual_seconds, updates, target_perplexity; did you mean versions?\n"
        "error: --set lora.r=0: lora.r: 0 is out of range; allowed: 1 to 1024\n");
}

TEST_CASE("check prints a scenario that says the same") {
  const tests::SmallScenario small;
  const auto first = tests::run_program({"check", small.file(), "--set", "lora.r=4"});
  CHECK(first.status == 0);
  CHECK(first.err.starts_with(kRead));
  CHECK(tests::contains(first.out, "\n[lora]\nr = 4\nlora_alpha = 16.0\n"));
  write_file(small.path("resolved.toml"), first.out);
  const auto second = tests::run_program({"check", small.path("resolved.toml")});
  CHECK(second.status == 0);
  CHECK(second.out == first.out);
}

TEST_CASE("warnings go to stderr and do not fail a check") {
  const tests::SmallScenario small;
  const auto output =
      tests::run_program({"check", small.file(), "--set", "clients.deadline_seconds=5"});
  CHECK(output.status == 0);
  CHECK(output.err.starts_with(
      "warning: --set clients.deadline_seconds=5: clients.deadline_seconds: has no effect; it "
      "applies only where aggregation.mode is \"sync\" or \"tiered\"\n" +
      std::string(kRead)));
}

TEST_CASE("the version is that of the build") {
  const std::string build = read_file(tests::source_folder() / "CMakeLists.txt");
  CHECK(tests::contains(build, std::string("project(lorafleet VERSION ") + tools::kVersion + " "));
  const auto output = tests::run_program({"--version"});
  CHECK(output.status == 0);
  CHECK(output.out.starts_with(std::string("lorafleet ") + tools::kVersion + "\n"));
}

TEST_CASE("schema prints the reference") {
  const auto output = tests::run_program({"schema"});
  CHECK(output.status == 0);
  CHECK(tests::contains(read_file(tests::source_folder() / "docs" / "scenario.md"), output.out));
  CHECK(output.out.starts_with("### Top of the file"));
}

}  // namespace
}  // namespace lorafleet
