#include <iostream>
#include <map>

#include "actors/coordinator/run_status.hpp"
#include "actors/federation.hpp"
#include "actors/output/checkpoint_files.hpp"
#include "actors/output/progress_json.hpp"
#include "actors/output/summary_json.hpp"
#include "actors/run/dry_run.hpp"
#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"
#include "partition/support/printable.hpp"
#include "scenarios/schema/expectations.hpp"
#include "tools/command_line.hpp"
#include "tools/network_options.hpp"
#include "tools/progress.hpp"
#include "tools/report_page.hpp"
#include "tools/scenario_argument.hpp"
#include "tools/signals.hpp"
#include "tools/terminal/console.hpp"
#include "tools/terminal/outcome_text.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::tools {

namespace {

int report_expectations(const scenarios::Scenario& scenario,
                        const std::map<std::string, double>& figures) {
  if (scenario.expect.empty()) return kDone;
  const auto verdicts = scenarios::judge(scenario.expect, figures);
  std::vector<std::vector<std::string>> rows = {{"expected", "found", ""}};
  bool missed = false;
  for (const auto& verdict : verdicts) {
    rows.push_back({verdict.expected, verdict.value ? figure(*verdict.value) : "-",
                    verdict.met ? "met" : "MISSED"});
    missed = missed || !verdict.met;
  }
  std::cout << aligned(rows);
  for (const auto& verdict : verdicts) {
    if (!verdict.met) print_error("[expect] " + verdict.explanation);
  }
  return missed ? kMissed : kDone;
}

/// Whether the page is one of the result: made after it, not when the run was interrupted before.
bool has_page(const std::filesystem::path& folder) {
  const auto page = folder / "report.html";
  return std::filesystem::exists(page) &&
         std::filesystem::last_write_time(page) >=
             std::filesystem::last_write_time(folder / "summary.json");
}

/// What a run that was killed after its result had no time for.
void tidy_up(const scenarios::Scenario& scenario, const std::filesystem::path& folder) {
  actors::CheckpointFiles(folder / "checkpoint", scenarios::identity(scenario)).remove();
  actors::ProgressFile(folder).remove();
  if (scenario.federation.output.report && !has_page(folder))
    try_report({{folder}, {}, {}, {}}, folder / "report.html");
}

/// `--resume` of a run that has its result.
int report_complete(const scenarios::Scenario& scenario, const std::filesystem::path& folder) {
  const auto file = folder / "scenario.toml";
  if (scenarios::identity(scenario) != scenarios::identity(scenarios::read_scenario(file))) {
    throw InputError(folder.string(),
                     "is a complete run of another scenario; allowed: the scenario in its "
                     "scenario.toml, or another folder");
  }
  tidy_up(scenario, folder);
  std::cout << folder.string() << " is complete already\n";
  return report_expectations(scenario, actors::summary_figures(read_file(folder / "summary.json")));
}

void print_schedule(const std::string& name, const actors::Schedule& schedule) {
  const auto& totals = schedule.totals;
  std::cout << printable(name) << ": " << totals.versions << " versions in "
            << clock_text(totals.time.seconds()) << " of virtual time (" << totals.stop_reason
            << "); nothing was trained\n"
            << aligned({{"clients with an update",
                         grouped(schedule.clients_used) + " of " + grouped(schedule.clients)},
                        {"jobs", grouped(totals.jobs)},
                        {"updates received", grouped(totals.updates_received)},
                        {"updates applied", grouped(totals.updates_applied)},
                        {"updates dropped", grouped(totals.updates_dropped)},
                        {"jobs in flight at the end", grouped(totals.jobs_in_flight_at_end)},
                        {"updates not folded", grouped(totals.updates_waiting_at_end)},
                        {"rounds failed", grouped(totals.rounds_failed)},
                        {"staleness, mean", fixed(schedule.mean_staleness, 2)},
                        {"staleness, largest", std::to_string(schedule.max_staleness)},
                        {"tokens to train", grouped(totals.train_tokens)},
                        {"sent to clients", megabytes(static_cast<double>(totals.bytes_down))},
                        {"sent by clients", megabytes(static_cast<double>(totals.bytes_up))}});
  std::vector<std::vector<std::string>> rows = {{"tier", "updates applied"}};
  for (std::size_t i = 0; i < schedule.tier_names.size(); ++i) {
    rows.push_back({schedule.tier_names[i], grouped(schedule.updates_by_tier[i])});
  }
  std::cout << aligned(rows) << "events sha256 " << schedule.events_sha256 << "\n";
}

}  // namespace

int run_command(const Arguments& arguments) {
  CommandLine line("run", "Trains a scenario and writes a run directory.",
                   "run scenarios/quickstart.toml --set seed=7 --out runs/seed7");
  add_scenario(line);
  line.unless("resume");
  line.option("out", "DIR", "the run directory; default: runs/<name>-<date>-<time>");
  line.option("resume", "DIR",
              "go on with the run in DIR, from its latest checkpoint, after a crash, a kill or "
              "Ctrl-C; SCENARIO may be left out");
  add_head(line);
  line.flag("dry-run", "simulate the schedule only: who trains when, how stale updates are");
  add_progress(line);
  line.note(
      "A directory that holds something is refused: results are never overwritten.\n"
      "Ctrl-C ends the run with what it has and leaves a checkpoint; a second one exits at once.\n"
      "Exit status: 0 done, 1 failed, 2 bad input, 3 an [expect] threshold missed, "
      "130 interrupted.");
  if (!line.parse(arguments)) return kDone;

  const bool resume = line.has("resume");
  if (resume && (line.has("out") || line.on("dry-run"))) {
    throw InputError("--resume", "cannot stand beside --out or --dry-run");
  }
  const auto scenario = resume ? read_resumed_scenario(line) : read_scenario_argument(line);
  if (resume && is_complete(line.text("resume"))) {
    return report_complete(scenario, line.text("resume"));
  }
  const auto& config = scenario.federation;
  ProgressDisplay display(progress_of(line));
  actors::RunOptions options = observed_by(display);
  const auto head = head_of(line, scenario);
  if (line.on("dry-run")) {
    if (head) throw InputError("--dry-run", "trains nothing and cannot stand beside --listen");
    if (config.stop.target_perplexity > 0.0) {
      print_warning("stop.target_perplexity: nothing is scored without training: not looked at");
    }
    if (!scenario.expect.empty()) print_warning("[expect]: not judged without training");
    const auto schedule = actors::dry_run(config, options);
    print_schedule(config.name, schedule);
    return kDone;
  }
  const std::filesystem::path out = resume            ? std::filesystem::path(line.text("resume"))
                                    : line.has("out") ? std::filesystem::path(line.text("out"))
                                                      : default_run_folder(config.name);
  if (!resume) require_unused(out);
  StopOnSignals signals(
      [&] { display.info("stopping with what there is; Ctrl-C again exits at once"); });
  options.out = out;
  options.scenario_toml = scenarios::to_toml(scenario);
  options.identity = scenarios::identity(scenario);
  options.resume = resume;
  options.head = head;
  options.stop = signals.token();
  const auto outcome = actors::run_federation(config, options);
  display.finish();
  if (config.output.report) try_report({{out}, {}, {}, {}}, out / "report.html");
  std::cout << outcome_text(config.name, outcome, out);
  if (outcome.status == actors::kRunInterrupted) return kInterrupted;
  if (made_no_progress(outcome)) {
    print_error(no_progress_text(outcome));
    return kFailed;
  }
  return report_expectations(scenario, outcome.figures);
}

}  // namespace lorafleet::tools
