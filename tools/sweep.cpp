#include <algorithm>
#include <atomic>
#include <exception>
#include <iostream>
#include <mutex>
#include <set>
#include <thread>

#include "actors/output/summary_json.hpp"
#include "partition/support/files.hpp"
#include "partition/support/printable.hpp"
#include "partition/support/process.hpp"
#include "scenarios/schema/sweep_table.hpp"
#include "tools/command_line.hpp"
#include "tools/console.hpp"
#include "tools/progress.hpp"
#include "tools/report_page.hpp"
#include "tools/signals.hpp"
#include "tools/text.hpp"

namespace lorafleet::tools {

namespace {

namespace fs = std::filesystem;
using scenarios::Sweep;
using scenarios::SweepRun;
using scenarios::SweepRuns;

/// One run of the sweep, with where it is kept: <case>/seed-<n>.toml and <case>/seed-<n>/.
struct Task {
  std::size_t point;
  std::size_t seed;
  std::string folder;  ///< relative to the sweep's
};

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of('\n');
  if (end == text.npos) return "";
  const auto begin = text.find_last_of('\n', end);
  return text.substr(begin == text.npos ? 0 : begin + 1,
                     end - (begin == text.npos ? 0 : begin + 1) + 1);
}

class SweepRunner {
 public:
  SweepRunner(const Sweep& sweep, fs::path out, std::size_t jobs, ProgressDisplay& display,
              std::stop_token stop)
      : sweep_(sweep),
        out_(std::move(out)),
        jobs_(jobs),
        display_(display),
        stop_(std::move(stop)),
        runs_(sweep.cases.size(), std::vector<SweepRun>(sweep.seeds.size())) {
    for (std::size_t c = 0; c < sweep_.cases.size(); ++c) {
      for (std::size_t s = 0; s < sweep_.seeds.size(); ++s) {
        tasks_.push_back({c, s, sweep_.cases[c].name + "/seed-" + std::to_string(sweep_.seeds[s])});
        runs_[c][s].folder = tasks_.back().folder;
      }
    }
  }

  /// Runs what is not there yet; a table after each run.
  const SweepRuns& run() {
    refuse_strangers();
    for (const auto& task : tasks_) {
      prepare(task);
      if (is_complete(task)) runs_[task.point][task.seed] = perform(task);
    }
    write_tables();
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < std::min(jobs_, tasks_.size()); ++i)
      workers.emplace_back([this] { work(); });
    workers.clear();
    if (failure_) std::rethrow_exception(failure_);
    return runs_;
  }

  [[nodiscard]] bool failed() const {
    return any([](const SweepRun& run) { return run.status == "failed"; });
  }
  [[nodiscard]] bool missed() const {
    return any([](const SweepRun& run) { return run.status == "missed"; });
  }

 private:
  template <typename Predicate>
  bool any(Predicate predicate) const {
    for (const auto& runs : runs_) {
      if (std::any_of(runs.begin(), runs.end(), predicate)) return true;
    }
    return false;
  }

  [[nodiscard]] fs::path scenario_file(const Task& task) const {
    return out_ / (task.folder + ".toml");
  }

  /// A run that is there and is none of this sweep's was made by another sweep, whose tables would
  /// be lost.
  void refuse_strangers() const {
    std::set<fs::path> own;
    for (const Task& task : tasks_)
      own.insert(scenario_file(task));
    for (const auto& one : fs::directory_iterator(out_)) {
      if (!one.is_directory()) continue;
      for (const auto& entry : fs::directory_iterator(one.path())) {
        const fs::path& file = entry.path();
        const bool of_a_run =
            file.extension() == ".toml" && file.filename().string().starts_with("seed-");
        if (of_a_run && !own.contains(file)) throw_other_sweep(file);
      }
    }
  }

  [[noreturn]] static void throw_other_sweep(const fs::path& file) {
    throw InputError(file.string(), "belongs to another version of this sweep; use another --out");
  }

  /// Writes the run's scenario, or checks that what is there was made from the same one.
  void prepare(const Task& task) const {
    const std::string text = scenarios::to_toml(sweep_.cases[task.point].runs[task.seed]);
    const fs::path file = scenario_file(task);
    if (!fs::exists(file)) {
      make_folder(file.parent_path());
      write_file(file, text);
    } else if (read_file(file) != text) {
      throw_other_sweep(file);
    }
  }

  [[nodiscard]] bool is_complete(const Task& task) const {
    return fs::exists(out_ / (task.folder + ".status")) &&
           fs::exists(out_ / task.folder / "summary.json");
  }

  void work() {
    for (std::size_t i = next_++; i < tasks_.size() && !stop_.stop_requested(); i = next_++) {
      const SweepRun run = perform_safely(tasks_[i]);
      const std::lock_guard lock(mutex_);
      try {
        enter(tasks_[i], run);
      } catch (...) {
        failure_ = std::current_exception();
        next_ = tasks_.size();
      }
    }
  }

  void enter(const Task& task, const SweepRun& run) {
    runs_[task.point][task.seed] = run;
    ++done_;
    display_.info(std::to_string(done_) + " of " + std::to_string(tasks_.size()) + ": " +
                  run.folder + " " + run.status + (run.error.empty() ? "" : ": " + run.error));
    write_tables();
  }

  SweepRun perform_safely(const Task& task) const {
    try {
      return perform(task);
    } catch (const std::exception& failure) {
      SweepRun run;
      run.status = "failed";
      run.error = failure.what();
      run.folder = task.folder;
      return run;
    }
  }

  SweepRun perform(const Task& task) const {
    const fs::path folder = out_ / task.folder;
    const fs::path verdict = out_ / (task.folder + ".status");
    SweepRun run;
    run.folder = task.folder;
    if (is_complete(task)) {
      run.status = read_file(verdict);
      run.figures = actors::summary_figures(read_file(folder / "summary.json"));
      return run;
    }
    // A run that was cut off goes on, from its latest checkpoint or from its start.
    std::vector<std::string> command = {
        "/proc/self/exe", "run",   scenario_file(task),  "--resume", folder.string(),
        "--quiet",        "--set", "output.report=false"};
    if (jobs_ > 1) {
      const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
      command.insert(
          command.end(),
          {"--set", "slots.count=" + std::to_string(std::max<std::size_t>(1, cores / jobs_))});
    }
    const auto result = run_program(command, [](std::string_view) {});
    switch (result.status) {
      case kDone:
        run.status = "completed";
        break;
      case kMissed:
        run.status = "missed";
        break;
      case kInterrupted:
        run.status = "interrupted";
        break;
      default:
        run.status = "failed";
    }
    if (result.status != kDone) run.error = last_line(result.errors);
    const bool counts = run.status == "completed" || run.status == "missed";
    if (counts && fs::exists(folder / "summary.json")) {
      run.figures = actors::summary_figures(read_file(folder / "summary.json"));
    }
    if (counts) write_file(verdict, run.status);
    return run;
  }

  void write_tables() const {
    write_file(out_ / "sweep.csv", scenarios::sweep_csv(sweep_, runs_));
    write_file(out_ / "sweep.json", scenarios::sweep_json(sweep_, runs_));
  }

  const Sweep& sweep_;
  fs::path out_;
  std::size_t jobs_;
  ProgressDisplay& display_;
  std::stop_token stop_;
  std::vector<Task> tasks_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::size_t done_ = 0;
  std::exception_ptr failure_;  // the tables could not be written
  SweepRuns runs_;
};

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
  line.flag("list", "show the cases without running them");
  line.flag("quiet", "no progress, only the table");
  line.note(
      "Runs that are there already are not repeated: the same command goes on after an "
      "interruption. Failed runs stay in the table, and are tried again next time.\n"
      "Exit status: 0 all done, 1 a run failed, 2 bad input, 3 an [expect] threshold missed, 130 "
      "interrupted.");
  if (!line.parse(arguments)) return kDone;

  const auto sweep = scenarios::read_sweep(line.text("SWEEP"), line.texts("set"));
  if (line.on("list")) {
    list_cases(sweep);
    return kDone;
  }
  const auto jobs = static_cast<std::size_t>(line.whole("jobs", 1));
  ProgressDisplay display(progress_unless(line.on("quiet")));
  StopOnSignals signals([&] { display.info("stopping after the current runs"); });
  const fs::path out = line.has("out") ? fs::path(line.text("out")) : fs::path("runs") / sweep.name;
  make_folder(out);
  const FolderLock lock(out);
  SweepRunner runner(sweep, out, jobs, display, signals.token());
  const auto& runs = runner.run();
  display.finish();
  for (const auto& figure : scenarios::unknown_figures(sweep, runs))
    print_warning("figures: no run has \"" + figure + "\" (sweep.json lists what there is)");
  std::cout << aligned(scenarios::sweep_rows(sweep, runs)) << "written to "
            << (out / "sweep.csv").string() << " and sweep.json\n";
  if (signals.requested()) return kInterrupted;
  if (sweep.cases.front().runs.front().federation.output.report) {
    try_report({{out}, {}, {}, sweep.name}, out / "report.html");
  }
  if (runner.failed()) {
    print_error("runs failed; " + (out / "sweep.csv").string() + " says why");
    return kFailed;
  }
  return runner.missed() ? kMissed : kDone;
}

}  // namespace lorafleet::tools
