#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

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

/// A grid of scenarios: all combinations of the values in [axes], for each of [[cases]], for each
/// seed.
struct Sweep {
  std::string name;
  std::vector<std::int64_t> seeds;
  std::vector<std::string> keys;     ///< that differ between cases
  std::vector<std::string> figures;  ///< keys of summary.json for the table; empty: the usual ones
  std::vector<SweepCase> cases;
};

/// Reads a sweep file and, with all settings, the scenario that it names: every run is checked
/// before the first one starts. Paths are relative to the sweep's file. Throws ScenarioError or
/// InputError.
Sweep read_sweep(const std::filesystem::path& file, const std::vector<std::string>& sets = {});

}  // namespace lorafleet::scenarios
