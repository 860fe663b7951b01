#include "scenarios/schema/reference.hpp"

#include <doctest/doctest.h>

#include "scenarios/schema/schema.hpp"
#include "tests/scenarios/schema/scenario_files.hpp"

namespace lorafleet {
namespace {

void check_documented(const scenarios::Table& table, const std::string& text) {
  for (const auto& field : table.fields()) {
    CAPTURE(field.key);
    CHECK_FALSE(field.doc.empty());
    const bool section =
        field.table != nullptr && text.find("[" + field.key + "]") != std::string::npos;
    CHECK((section || text.find("`" + field.key + "`") != std::string::npos));
    if (field.table != nullptr) check_documented(*field.table, text);
  }
}

TEST_CASE("docs/scenario.md names every section and key") {
  check_documented(scenarios::schema(), read_file(tests::source_folder() / "docs" / "scenario.md"));
}

TEST_CASE(
    "docs/scenario.md holds the reference as the schema gives it (lorafleet schema prints it)") {
  const std::string page = read_file(tests::source_folder() / "docs" / "scenario.md");
  CHECK(page.find(scenarios::markdown_reference()) != std::string::npos);
}

TEST_CASE("defaults are those of the config structs") {
  const std::string text = scenarios::markdown_reference();
  CHECK(text.find("| `r` | integer | `8` | 1 to 1024 | rank of the factors A and B |") !=
        std::string::npos);
  CHECK(text.find("| `upload_mbps` | distribution | `10.0` | above 0 |") != std::string::npos);
  CHECK(text.find("| `target_modules` | array of strings | `[\"q_proj\", \"v_proj\"]` |") !=
        std::string::npos);
}

TEST_CASE("all defaults that are not idle lie in their own range") {
  const tests::ScenarioFolder folder;
  const auto scenario = folder.read(tests::ScenarioFolder::required());
  CHECK(folder.errors(scenarios::to_toml(scenario)).empty());
}

}  // namespace
}  // namespace lorafleet
