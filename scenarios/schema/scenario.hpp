#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::scenarios {

/// One threshold of [expect] on a key of summary.json ("final.perplexity").
struct Expectation {
  std::string key;
  std::optional<double> below;
  std::optional<double> above;
  friend bool operator==(const Expectation&, const Expectation&) = default;
};

/// A scenario file, read, checked and with every default filled in. Paths are absolute; keys that
/// have no effect hold their defaults.
struct Scenario {
  std::filesystem::path file;
  actors::FederationConfig federation;
  std::vector<Expectation> expect;
  std::vector<std::string> warnings;  ///< "file:line:column: key: has no effect: ..."
};

/// All that is wrong with a scenario: `what()` holds one line for each error, "file:line:column:
/// key: ...".
class ScenarioError : public InputError {
 public:
  explicit ScenarioError(std::vector<std::string> errors);
  [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }

 private:
  std::vector<std::string> errors_;
};

/// Reads a scenario; `sets` are the command line's "section.key=value" in order, later ones win.
/// Paths in the file are relative to its folder, paths in `sets` to `sets_folder`. Throws
/// ScenarioError with all errors, or InputError where the file cannot be read.
Scenario read_scenario(const std::filesystem::path& file, const std::vector<std::string>& sets = {},
                       const std::filesystem::path& sets_folder = std::filesystem::current_path());

/// The same for a text that came another way; `file` names it in messages.
Scenario read_scenario_text(
    const std::string& text, const std::filesystem::path& file,
    const std::vector<std::string>& sets = {},
    const std::filesystem::path& sets_folder = std::filesystem::current_path());

/// A file or folder that a scenario reads, with its dotted key.
struct InputPath {
  std::string key;
  std::filesystem::path path;
};
/// All that a run of this scenario reads: base model, data, device files and the like.
std::vector<InputPath> input_paths(const Scenario& scenario);

/// SHA-256 of all in a scenario that decides on the bytes of a run: everything but [slots] count,
/// [checkpoint], [output], [tls] and [expect].
std::string identity(const Scenario& scenario);

/// Equal for scenarios that read the same data into the same tokens: the keys of [data] and the
/// base's folder, and the seed where a sample or spoilt contexts depend on it.
std::string data_key(const Scenario& scenario);

/// The scenario as TOML with every default filled in; reading it again gives the same scenario.
std::string to_toml(const Scenario& scenario);

}  // namespace lorafleet::scenarios
