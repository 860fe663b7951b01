#include "tools/scenario_argument.hpp"

#include <ctime>
#include <nlohmann/json.hpp>

#include "actors/coordinator/run_status.hpp"
#include "partition/support/files.hpp"
#include "tools/terminal/console.hpp"

namespace lorafleet::tools {

void add_scenario(CommandLine& line) {
  line.positional("SCENARIO", "the scenario file (TOML); docs/scenario.md explains its keys");
  line.repeated("set", "K=V",
                "set a key of the scenario, e.g. aggregation.mode=fedbuff or "
                "devices.tiers.0.share=0.5; may be repeated, later ones win");
}

scenarios::Scenario read_scenario_argument(const CommandLine& line) {
  auto scenario = scenarios::read_scenario(line.text("SCENARIO"), line.texts("set"));
  for (const auto& warning : scenario.warnings)
    print_warning(warning);
  return scenario;
}

scenarios::Scenario read_resumed_scenario(const CommandLine& line) {
  const std::filesystem::path folder = line.text("resume");
  // With its scenario, a run that was killed before it made its folder can begin.
  if (line.has("SCENARIO")) return read_scenario_argument(line);
  if (!std::filesystem::is_directory(folder)) {
    throw InputError("--resume " + folder.string(),
                     "no such folder; allowed: a run directory, or a SCENARIO too");
  }
  const auto file = folder / "scenario.toml";
  if (!std::filesystem::exists(file)) {
    throw InputError(file.string(),
                     "no such file: the run was stopped before it began; give its SCENARIO too");
  }
  return scenarios::read_scenario(file, line.texts("set"));
}

bool is_complete(const std::filesystem::path& folder) {
  const auto file = folder / "summary.json";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return false;
  try {
    return nlohmann::json::parse(read_file(file)).at("status") == actors::kRunCompleted;
  } catch (const nlohmann::json::exception& error) {
    throw InputError(file.string(), error.what());
  }
}

void require_unused(const std::filesystem::path& out) {
  std::error_code ignored;
  if (!std::filesystem::exists(out, ignored)) return;
  if (std::filesystem::is_directory(out, ignored) && std::filesystem::is_empty(out, ignored))
    return;
  throw InputError("--out " + out.string(),
                   "exists already, and results are never overwritten; allowed: a new path, or an "
                   "empty folder");
}

std::filesystem::path default_run_folder(const std::string& name) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
  const std::filesystem::path base = std::filesystem::path("runs") / (name + "-" + stamp);
  std::filesystem::path folder = base;
  for (int i = 2; std::filesystem::exists(folder); ++i) {
    folder = base.string() + "-" + std::to_string(i);
  }
  return folder;
}

}  // namespace lorafleet::tools
