#include <doctest/doctest.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "partition/support/files.hpp"
#include "tests/support/text.hpp"
#include "tests/tools/program.hpp"

// The manual page and the completions say what the program says about itself.

namespace lorafleet {
namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

std::string made(const std::string& name) {
  return read_file(std::filesystem::path(LORAFLEET_MANUAL_FOLDER) / name);
}

std::string first_word(const std::string& line, std::size_t from) {
  return line.substr(from, line.find_first_of(" \t", from) - from);
}

/// The names that a help text lists in lines that begin with two spaces.
Lines commands() {
  Lines names;
  for (const std::string& line : lines_of(tests::run_program({"--help"}).out)) {
    if (line.starts_with("Example")) break;
    if (line.starts_with("  ") && line.size() > 2 && line[2] != ' ')
      names.push_back(first_word(line, 2));
  }
  return names;
}

/// "--set", "--out", …
Lines options_of(const Lines& command) {
  Lines arguments = command;
  arguments.emplace_back("--help");
  Lines names;
  for (const std::string& line : lines_of(tests::run_program(arguments).out)) {
    if (line.starts_with("  --")) names.push_back(first_word(line, 2));
  }
  return names;
}

std::string roff(std::string text) {
  for (std::size_t at = 0; (at = text.find('-', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

/// From a line that begins with `begin` to the next one that begins with `end`.
std::string part_of(const std::string& text, const std::string& begin, const std::string& end) {
  std::string part;
  bool inside = false;
  for (const std::string& line : lines_of(text)) {
    if (line == begin) {
      inside = true;
    } else if (inside && line.starts_with(end)) {
      break;
    }
    if (inside) part += line + '\n';
  }
  return part;
}

int shell(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str());  // NOLINT(concurrency-mt-unsafe)
}

bool has_program(const std::string& name) {
  return shell("command -v " + name) == 0;
}

std::string quoted(const std::string& name) {
  return "'" + (std::filesystem::path(LORAFLEET_MANUAL_FOLDER) / name).string() + "'";
}

TEST_CASE("page and completions have every command and every option, and no other") {
  const std::string page = made("lorafleet.1");
  const std::string bash = made("lorafleet.bash");
  const std::string zsh = made("_lorafleet");
  const std::string fish = made("lorafleet.fish");
  const Lines names = commands();
  REQUIRE(names.size() >= 15);
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(tests::contains(bash, "\n    " + name + ")\n"));
    CHECK(tests::contains(zsh, "\n    '" + name + ":"));
    CHECK(tests::contains(zsh, "\n    " + name + ")\n"));
    CHECK(tests::contains(fish, "-n __fish_use_subcommand -a " + name + " -d "));
    if (name == "import") continue;  // its kinds have the options
    const Lines options = options_of({name});
    const std::string section = part_of(page, ".SS " + roff(name), ".S");
    const std::string bash_options = part_of(bash, "    " + name + ")", "      folders=");
    const std::string zsh_options = part_of(zsh, "    " + name + ")", "      ;;");
    std::size_t in_page = 0;
    for (std::size_t at = 0; (at = section.find("\\-\\-", at)) != std::string::npos; ++at) {
      if (section.compare(at - 3, 3, ".B ") == 0 || section.compare(at - 5, 5, ".BI \"") == 0)
        ++in_page;
    }
    CHECK(in_page == options.size());
    for (const std::string& option : options) {
      CAPTURE(option);
      CHECK((tests::contains(section, "\n.B " + roff(option) + "\n") ||
             tests::contains(section, "\n.BI \"" + roff(option) + " \" ")));
      CHECK((tests::contains(bash_options, option + " ") ||
             tests::contains(bash_options, option + "'")));
      CHECK(tests::contains(zsh_options, "'*" + option + "["));
      CHECK(tests::contains(
          fish, "-n \"__fish_seen_subcommand_from " + name + "\" -l " + option.substr(2) + " "));
    }
  }
  for (const char* kind : {"wordnet", "debian-descriptions"}) {
    CAPTURE(kind);
    const std::string section = part_of(page, ".SS " + roff(std::string("import ") + kind), ".S");
    for (const std::string& option : options_of({"import", kind}))
      CHECK(tests::contains(section, roff(option)));
    CHECK(tests::contains(bash, kind));
  }
}

TEST_CASE("the page says what statuses mean, where files are, and the program's version") {
  const std::string page = made("lorafleet.1");
  const std::string version = lines_of(tests::run_program({"--version"}).out).at(0);
  CHECK(tests::contains(page, '"' + version + '"'));
  for (const char* part : {"EXIT STATUS", ".B 130", "FILES", "/usr/share/lorafleet/scenarios"})
    CHECK(tests::contains(page, part));
  CHECK_FALSE(tests::contains(page, "@"));
}

TEST_CASE("the page is formatted without a warning") {
  if (!has_program("groff")) return;
  CHECK(shell("test -z \"$(groff -man -Tutf8 -ww -z " + quoted("lorafleet.1") + " 2>&1)\"") == 0);
}

TEST_CASE("the shells accept the completions, and complete by them") {
  CHECK(shell("bash -n " + quoted("lorafleet.bash")) == 0);
  const auto completes = [](const std::string& words, int at, const std::string& expected) {
    return shell("bash -c 'source \"$0\"; COMP_WORDS=(" + words + "); COMP_CWORD=" +
                 std::to_string(at) + "; _lorafleet; test \"${COMPREPLY[*]}\" = \"" + expected +
                 "\"' " + quoted("lorafleet.bash"));
  };
  CHECK(completes("lorafleet swe", 1, "sweep") == 0);
  CHECK(completes("lorafleet run --lis", 2, "--listen") == 0);
  CHECK(completes("lorafleet import word", 2, "wordnet") == 0);
  CHECK(completes("lorafleet merge --max", 2, "--max-shard-size") == 0);
  CHECK(completes("lorafleet version --set", 2, "") == 0);
  if (has_program("zsh")) CHECK(shell("zsh -n " + quoted("_lorafleet")) == 0);
  if (has_program("fish")) CHECK(shell("fish -n " + quoted("lorafleet.fish")) == 0);
}

}  // namespace
}  // namespace lorafleet
