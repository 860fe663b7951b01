#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/grid/sweep.hpp"
#include "scenarios/schema/report.hpp"
#include "scenarios/schema/value.hpp"

namespace lorafleet::scenarios {

/// One key of [axes] and the values to run.
struct Axis {
  std::string key;
  std::vector<std::string> values;  ///< as TOML
};

/// One of [[cases]], or a point of the grid.
struct NamedSettings {
  std::string name;  ///< of a point: what tells it from the others
  std::string of;    ///< the name of its [[cases]] entry; "" without
  std::vector<Setting> settings;
};

/// [quick]: what makes a study short.
struct QuickPart {
  std::vector<std::int64_t> seeds;  ///< instead of the others; empty: these
  std::vector<Setting> set;         ///< after [set]
  std::vector<Axis> axes;           ///< other values of some axes
  std::vector<std::string> cases;   ///< only these; empty: all
};

/// A sweep file before its scenarios are read.
struct SweepFile {
  std::string name;
  std::filesystem::path scenario;
  std::vector<std::int64_t> seeds;
  std::vector<std::string> figures;
  std::vector<Setting> set;
  std::vector<Axis> axes;
  std::vector<NamedSettings> cases;  ///< one at least
  std::optional<QuickPart> quick;
  Value questions;  ///< as they stand there; what they mean depends on the grid
};

/// Reads a sweep's document; `file` is where it stands. What is wrong goes to the report.
SweepFile read_sweep_file(const Value& document, const std::filesystem::path& file, Report& report);

/// All combinations of the axes for each case, the last axis changing fastest. Throws InputError
/// where there are too many.
std::vector<NamedSettings> grid_of(const SweepFile& sweep);

/// The sweep that [quick] makes of this one.
SweepFile quick_sweep(SweepFile sweep);

/// `"a.b" = 1` and `a.b = 1`, which TOML reads as nested tables, as settings; a distribution is one
/// value. `where` is the table's key in messages.
void read_settings(const Value& value, const std::string& where, std::vector<Setting>& settings,
                   Report& report);

}  // namespace lorafleet::scenarios
