#pragma once

#include <filesystem>

#include "scenarios/schema/scenario.hpp"
#include "tools/command_line.hpp"

namespace lorafleet::tools {

/// Adds SCENARIO and --set.
void add_scenario(CommandLine& line);

/// Reads the scenario that `add_scenario` asked for, and prints its warnings.
scenarios::Scenario read_scenario_argument(const CommandLine& line);

/// Refuses a path where something is, other than an empty folder: a result is never overwritten.
/// Throws InputError.
void require_unused(const std::filesystem::path& out);

/// runs/<name>-<date>-<time>, with a number behind it where that is taken.
std::filesystem::path default_run_folder(const std::string& name);

/// For `--resume DIR`: the scenario that is given, or else the one in DIR.
scenarios::Scenario read_resumed_scenario(const CommandLine& line);

/// Whether the run in this directory came to its end.
bool is_complete(const std::filesystem::path& folder);

}  // namespace lorafleet::tools
