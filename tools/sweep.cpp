#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <optional>

#include "actors/run/slot_jobs.hpp"
#include "actors/run/trainers/train_kinds.hpp"
#include "model/device/process.hpp"
#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"
#include "partition/support/printable.hpp"
#include "scenarios/grid/answers.hpp"
#include "scenarios/grid/run_estimate.hpp"
#include "scenarios/grid/sweep_table.hpp"
#include "tools/command_line.hpp"
#include "tools/progress.hpp"
#include "tools/report_page.hpp"
#include "tools/signals.hpp"
#include "tools/sweep_runner.hpp"
#include "tools/terminal/console.hpp"
#include "tools/terminal/text.hpp"

namespace lorafleet::tools {

namespace {

namespace fs = std::filesystem;
using scenarios::Sweep;

/// What the quick part of a study cannot tell.
std::string quick_text(const Sweep& sweep) {
  const auto& cuts = *sweep.quick;
  const auto seeds = sweep.seeds.size();
  std::string text = "quick: " + std::to_string(sweep.cases.size()) + " of " +
                     std::to_string(cuts.points) + " points of the grid, " + std::to_string(seeds) +
                     " of " + std::to_string(cuts.seeds) + " seeds\n";
  if (!cuts.set.empty()) {
    text += "  with other data, sizes or lengths than the study:";
    for (const auto& setting : cuts.set)
      text += " " + setting.key + "=" + setting.value;
    text += "\n";
  }
  for (const auto& claim : cuts.unanswered)
    text += "  not asked: " + claim + "\n";
  if (!sweep.questions.empty()) {
    text += "  " + std::to_string(seeds) + " seeds show only effects of " +
            figure(scenarios::detectable_effect(seeds)) +
            " deviations of their differences (the study's " + std::to_string(cuts.seeds) +
            " seeds: " + figure(scenarios::detectable_effect(cuts.seeds)) +
            "), 4 times in 5, before correction\n";
  }
  return text;
}

/// How long the runs that are still to make will take here, by their schedules and by how fast this
/// machine trains each base. A run stands for its case's other seeds.
std::string estimate_text(const Sweep& sweep, const std::vector<std::size_t>& open) {
  constexpr double kSeconds = 2.0;
  const auto silent = [](const std::string&) {};
  const auto cache = std::make_shared<actors::RunCache>();
  std::map<std::string, double> speeds;  // by base
  double seconds = 0.0;
  double tokens = 0.0;
  std::size_t runs = 0;
  for (std::size_t c = 0; c < sweep.cases.size(); ++c) {
    const auto& scenario = sweep.cases[c].runs.front();
    const auto& config = scenario.federation;
    runs += open[c];
    if (open[c] == 0 || !actors::has_base(config)) continue;
    model::configure_thread(static_cast<int>(config.slots.threads));
    const auto key = model::base_key(config.model) + config.slots.device;
    const bool known = speeds.contains(key);
    std::vector<std::string> devices;
    if (!known) devices = actors::training_devices(config, std::nullopt, silent);
    const auto learning = actors::prepare_learning(config, devices, silent, silent,
                                                   {cache, scenarios::data_key(scenario)});
    if (!known) speeds[key] = scenarios::measure_speed(config, learning, kSeconds);
    const auto work = scenarios::work_of(config, learning);
    const auto count = static_cast<double>(open[c]);
    tokens += count * work.train_tokens;
    seconds += count * scenarios::estimated_seconds(work, speeds[key]);
  }
  std::string text = std::to_string(runs) + (runs == 1 ? " run, " : " runs, ") +
                     grouped(static_cast<std::int64_t>(tokens)) + " tokens to train, at";
  for (const auto& [key, speed] : speeds)
    text += " " + figure(speed);
  text += " tokens/s on this machine";
  if (speeds.size() > 1) text += " (" + std::to_string(speeds.size()) + " bases)";
  return text + ": about " + clock_text(seconds);
}

void list_cases(const Sweep& sweep) {
  for (const auto& one : sweep.cases) {
    std::cout << printable(one.name);
    for (const auto& setting : one.settings)
      std::cout << "  " << setting.key << "=" << printable(setting.value);
    std::cout << "\n";
  }
  std::cout << sweep.cases.size() << " cases, " << sweep.seeds.size() << " seeds\n";
}

}  // namespace

int sweep_command(const Arguments& arguments) {
  CommandLine line("sweep", "Runs a grid of scenarios and seeds into one table.",
                   "sweep scenarios/sweeps/staleness.toml --out runs/staleness");
  line.positional("SWEEP", "the sweep file (TOML); docs/sweeps.md explains it");
  line.repeated("set", "K=V", "set a key of every scenario, e.g. stop.versions=3");
  line.option("out", "DIR", "where the runs and tables go; default: runs/<name>");
  line.option("jobs", "N", "runs at the same time, which share the cores", "1");
  line.flag("quick", "a few minutes instead of the whole study, as the file's [quick] part says");
  line.flag("estimate", "say how long it would take on this machine, without running it");
  line.flag("list", "show the cases without running them");
  line.flag("quiet", "no progress, only the table");
  line.note(
      "Runs that are there already are not repeated: the same command goes on after an "
      "interruption. Failed runs stay in the table, and are tried again next time.\n"
      "Exit status: 0 all done, 1 a run failed, 2 bad input, 3 an [expect] threshold missed, 130 "
      "interrupted.");
  if (!line.parse(arguments)) return kDone;

  const auto sweep = scenarios::read_sweep(line.text("SWEEP"), line.texts("set"), line.on("quick"));
  if (line.on("list")) {
    list_cases(sweep);
    return kDone;
  }
  const auto jobs = static_cast<std::size_t>(line.whole("jobs", 1));
  ProgressDisplay display(progress_unless(line.on("quiet")));
  StopOnSignals signals([&] { display.info("stopping the current runs with what they have"); });
  const fs::path out = line.has("out") ? fs::path(line.text("out")) : fs::path("runs") / sweep.name;
  make_folder(out);
  const FolderLock lock(out);
  SweepRunner runner(sweep, out, jobs, display, signals.token());
  const auto open = runner.open_runs();
  if (line.on("estimate")) {
    std::cout << estimate_text(sweep, open) << "\n";
    return kDone;
  }
  const bool study = !sweep.questions.empty() || sweep.quick.has_value();
  if (study && !line.on("quiet") && std::count(open.begin(), open.end(), 0U) < std::ssize(open))
    display.info(estimate_text(sweep, open));
  const auto& runs = runner.run();
  display.finish();
  for (const auto& figure : scenarios::unknown_figures(sweep, runs))
    print_warning("figures: no run has \"" + figure + "\" (sweep.json lists what there is)");
  std::cout << aligned(scenarios::sweep_rows(sweep, runs));
  std::cout << printable(scenarios::answers_text(sweep, scenarios::answer_all(sweep, runs)), true);
  if (sweep.quick) std::cout << printable(quick_text(sweep), true);
  std::cout << "written to " << (out / "sweep.csv").string() << " and sweep.json\n";
  if (signals.requested()) return kInterrupted;
  if (sweep.cases.front().runs.front().federation.output.report) {
    try_report({{out}, {}, {}, {}}, out / "report.html");
  }
  if (runner.failed()) {
    print_error("runs failed; " + (out / "sweep.csv").string() + " says why");
    return kFailed;
  }
  return runner.missed() ? kMissed : kDone;
}

}  // namespace lorafleet::tools
