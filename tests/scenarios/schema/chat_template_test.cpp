#include <doctest/doctest.h>

#include <algorithm>

#include "scenarios/schema/toml_text.hpp"
#include "tests/scenarios/schema/scenario_files.hpp"

namespace lorafleet {
namespace {

using tests::ScenarioFolder;

bool names_template(const scenarios::Scenario& scenario) {
  const auto paths = scenarios::input_paths(scenario);
  return std::any_of(paths.begin(), paths.end(),
                     [](const auto& path) { return path.key == "data.chat_template"; });
}

TEST_CASE("a chat template is a word, or a file beside the scenario that hosts need too") {
  const ScenarioFolder folder;
  const auto with = [&](const std::string& line) {
    return folder.read(ScenarioFolder::required() + "format = \"conversations\"\n" + line);
  };
  CHECK(with("").federation.encoding.chat_template == "auto");
  CHECK(!names_template(with("")));
  for (const char* word : {"auto", "plain", "model"}) {
    const auto scenario = with("chat_template = \"" + std::string(word) + "\"\n");
    CHECK(scenario.federation.encoding.chat_template == word);
    CHECK(!names_template(scenario));
  }
  write_file(folder.path() / "own.jinja", "{{ messages }}");
  const auto scenario = with("chat_template = \"own.jinja\"\n");
  CHECK(scenario.federation.encoding.chat_template == folder.path() / "own.jinja");
  CHECK(names_template(scenario));
}

}  // namespace
}  // namespace lorafleet
