#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "scenarios/schema/scenario.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet::tests {

/// A folder with a model directory and a data file that scenarios can name, and scenarios written
/// there.
class ScenarioFolder {
 public:
  ScenarioFolder() {
    make_folder(folder_ / "base");
    write_file(folder_ / "rows.jsonl", "{}\n");
  }

  /// The two required sections, which take the first four lines.
  static std::string required() {
    return "[model]\npath = \"base\"\n[data]\npath = \"rows.jsonl\"\n";
  }

  [[nodiscard]] std::filesystem::path write(const std::string& text) const {
    const auto path = folder_ / "scenario.toml";
    write_file(path, text);
    return path;
  }

  [[nodiscard]] scenarios::Scenario read(const std::string& text,
                                         const std::vector<std::string>& sets = {}) const {
    return scenarios::read_scenario(write(text), sets);
  }

  /// The errors of a scenario, with the folder's name cut off; empty where it is accepted.
  [[nodiscard]] std::vector<std::string> errors(const std::string& text,
                                                const std::vector<std::string>& sets = {}) const {
    try {
      (void)read(text, sets);
      return {};
    } catch (const scenarios::ScenarioError& error) {
      std::vector<std::string> lines;
      for (std::string line : error.errors()) {
        const std::string prefix = folder_.path().string() + "/";
        for (std::size_t at = 0; (at = line.find(prefix)) != std::string::npos;) {
          line.erase(at, prefix.size());
        }
        lines.push_back(line);
      }
      return lines;
    }
  }

  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

/// The one error of the required sections followed by `text`, which starts at line 5.
inline std::string only_error(const std::string& text, const std::vector<std::string>& sets = {}) {
  const ScenarioFolder folder;
  const auto errors = folder.errors(ScenarioFolder::required() + text, sets);
  REQUIRE_MESSAGE(errors.size() == 1, join(errors, "\n"));
  return errors.front();
}

}  // namespace lorafleet::tests
