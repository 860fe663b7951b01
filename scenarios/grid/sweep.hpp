#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/grid/questions.hpp"
#include "scenarios/schema/scenario.hpp"

namespace lorafleet::scenarios {

/// One key that a sweep changes, with its value as TOML.
struct Setting {
  std::string key;  ///< dotted: "aggregation.mode"
  std::string value;
  friend bool operator==(const Setting&, const Setting&) = default;
};

/// One point of the grid, run once for each seed.
struct SweepCase {
  std::string name;  ///< usable as a folder name; unique in the sweep
  std::vector<Setting> settings;
  std::vector<Scenario> runs;  ///< in the order of Sweep::seeds
};

/// What the quick part of a study leaves out.
struct QuickCuts {
  std::size_t seeds = 0;                ///< of the whole study
  std::size_t points = 0;               ///< of its grid
  std::vector<Setting> set;             ///< what is set otherwise
  std::vector<std::string> unanswered;  ///< claims whose runs are not in the quick grid
};

/// A grid of scenarios: all combinations of the values in [axes], for each of [[cases]], for each
/// seed.
struct Sweep {
  std::string name;
  std::vector<std::int64_t> seeds;
  std::vector<std::string> keys;     ///< that differ between cases
  std::vector<std::string> figures;  ///< keys of summary.json for the table; empty: the usual ones
  std::vector<SweepCase> cases;
  std::vector<Question> questions = {};
  std::optional<QuickCuts> quick = {};  ///< only for what [quick] makes of the file
};

/// Reads a sweep file and, with all settings, the scenario that it names: every run is checked
/// before the first one starts. `quick`: as its [quick] part says. Paths are relative to the
/// sweep's file. Throws ScenarioError or InputError.
Sweep read_sweep(const std::filesystem::path& file, const std::vector<std::string>& sets = {},
                 bool quick = false);

}  // namespace lorafleet::scenarios
