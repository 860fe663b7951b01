#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/tools/program.hpp"

using namespace lorafleet;

namespace {

/// The command that a scenario's comment gives for making its base, its words apart.
std::vector<std::string> new_base_command(const std::filesystem::path& scenario) {
  std::istringstream lines(read_file(scenario));
  std::vector<std::string> words;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    inside = inside || line.starts_with("#   lorafleet new-base");
    if (!inside) continue;
    std::istringstream rest(line.substr(1));
    for (std::string word; rest >> word;) {
      if (word != "\\" && word != "lorafleet") words.push_back(word);
    }
    if (!line.ends_with("\\")) break;
  }
  return words;
}

std::vector<std::filesystem::path> family_scenarios() {
  std::vector<std::filesystem::path> all;
  const auto folder = tests::source_folder() / "scenarios" / "families";
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    all.push_back(entry.path());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST_CASE("each family's scenario runs on the base that its comment makes") {
  REQUIRE(family_scenarios().size() == 8);
  for (const auto& scenario : family_scenarios()) {
    CAPTURE(scenario.string());
    const tests::TemporaryFolder folder;
    std::vector<std::string> command = new_base_command(scenario);
    REQUIRE(command.size() > 10);
    std::replace(command.begin(), command.end(), std::string("scenarios/base/opt-mini"),
                 (tests::source_folder() / "scenarios/base/opt-mini").string());
    command.back() = (folder / "base").string();
    const auto made = tests::run_program(command);
    REQUIRE_MESSAGE(made.status == 0, made.err);
    const bool classifies = scenario.stem() == "roberta";
    const std::string base = (folder / "base").string();
    const std::string run = (folder / "run").string();
    const auto ran =
        tests::run_program({"run", scenario.string(), "--out", run, "--quiet", "--set",
                            "model.path=" + base, "--set", "stop.versions=2", "--set",
                            "data.max_examples=300", "--set", "evaluation.max_examples=40", "--set",
                            classifies ? "expect={ loss_ratio = { below = 1.0 } }"
                                       : "expect.perplexity_ratio={ below = 1.0 }"});
    REQUIRE_MESSAGE(ran.status == 0, ran.err);
    const auto merged = tests::run_program({"merge", "--base", base, "--adapter", run + "/adapter",
                                            "--out", (folder / "merged").string()});
    CHECK_MESSAGE(merged.status == 0, merged.err);
    const auto text = tests::run_program({"generate", "--base", (folder / "merged").string(),
                                          "--prompt", "The sea is", "--max-new-tokens", "5"});
    CHECK_MESSAGE(text.status == (classifies ? 2 : 0), text.err);
  }
}
