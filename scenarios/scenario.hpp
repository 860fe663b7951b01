#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/federation_config.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::scenarios {

/// One threshold of [expect] on a key of summary.json ("final.perplexity").
struct Expectation {
  std::string key;
  std::optional<double> below;
  std::optional<double> above;
};

/// A scenario file, read, checked and with every default filled in. Paths are absolute.
struct Scenario {
  std::filesystem::path file;
  actors::FederationConfig federation;
  std::vector<Expectation> expect;
};

/// All that is wrong with a scenario: `what()` holds one line for each error, "file:line:column: key: ...".
class ScenarioError : public InputError {
 public:
  explicit ScenarioError(std::vector<std::string> errors);
  [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }

 private:
  std::vector<std::string> errors_;
};

/// Reads a scenario; `sets` are the command line's "section.key=value" in order, later ones win.
/// Throws ScenarioError with all errors, or InputError where the file cannot be read.
Scenario read_scenario(const std::filesystem::path& file, const std::vector<std::string>& sets = {});

/// The scenario as TOML with every default filled in; reading it again gives the same scenario.
std::string to_toml(const Scenario& scenario);

}  // namespace lorafleet::scenarios
