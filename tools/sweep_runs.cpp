#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "actors/coordinator/run_status.hpp"
#include "actors/federation.hpp"
#include "actors/output/summary_json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "scenarios/grid/sweep_table.hpp"
#include "scenarios/schema/expectations.hpp"
#include "tools/command_line.hpp"
#include "tools/progress.hpp"
#include "tools/scenario_argument.hpp"
#include "tools/signals.hpp"
#include "tools/terminal/console.hpp"
#include "tools/terminal/outcome_text.hpp"

namespace lorafleet::tools {

namespace {

namespace fs = std::filesystem;
using scenarios::SweepRun;

std::string verdict(const scenarios::Scenario& scenario,
                    const std::map<std::string, double>& figures, std::string& error) {
  for (const auto& one : scenarios::judge(scenario.expect, figures)) {
    if (one.met) continue;
    error = "[expect] " + one.explanation;
    return SweepRun::kMissed;
  }
  return SweepRun::kCompleted;
}

/// Begins or resumes one run, and says what became of it.
std::string perform(const fs::path& file, const std::vector<std::string>& sets,
                    const std::shared_ptr<actors::RunCache>& cache, const StopOnSignals& signals,
                    std::string& error) {
  const auto scenario = scenarios::read_scenario(file, sets);
  fs::path folder = file;
  folder.replace_extension();
  if (is_complete(folder)) {
    return verdict(scenario, actors::summary_figures(read_file(folder / "summary.json")), error);
  }
  ProgressDisplay display(progress_unless(true));
  actors::RunOptions options = observed_by(display);
  options.out = folder;
  options.scenario_toml = scenarios::to_toml(scenario);
  options.identity = scenarios::identity(scenario);
  options.resume = true;
  options.stop = signals.token();
  options.shared = {cache, scenarios::data_key(scenario)};
  const auto outcome = actors::run_federation(scenario.federation, options);
  if (outcome.status == actors::kRunInterrupted) return SweepRun::kInterrupted;
  if (made_no_progress(outcome)) {
    error = no_progress_text(outcome);
    return SweepRun::kFailed;
  }
  return verdict(scenario, outcome.figures, error);
}

}  // namespace

int sweep_runs_command(const Arguments& arguments) {
  CommandLine line("sweep-runs", "Makes some runs of a sweep, for it.",
                   "sweep-runs runs/a/seed-1.toml runs/a/seed-2.toml");
  line.rest("SCENARIO", "the run's folder has its name without .toml");
  line.repeated("set", "K=V", "set a key of every scenario");
  if (!line.parse(arguments)) return kDone;
  StopOnSignals signals([] {});
  const auto cache = std::make_shared<actors::RunCache>();
  for (const auto& file : line.texts("SCENARIO")) {
    std::string status = SweepRun::kFailed;
    std::string error;
    try {
      status = perform(file, line.texts("set"), cache, signals, error);
    } catch (const std::exception& failure) {
      error = message_of(failure);
    }
    const nlohmann::json told = {{"status", status}, {"error", error}};
    std::cout << told.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
    if (status == SweepRun::kInterrupted) return kInterrupted;
  }
  return kDone;
}

}  // namespace lorafleet::tools
