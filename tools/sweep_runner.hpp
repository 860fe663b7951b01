#pragma once

#include <chrono>
#include <exception>
#include <filesystem>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/grid/sweep_table.hpp"
#include "tools/progress.hpp"

namespace lorafleet::tools {

/// Makes the runs of a sweep in its folder, `jobs` at a time, each batch of them by a process of
/// its own; a table after each run.
class SweepRunner {
 public:
  /// Writes the runs' scenarios. Throws InputError where the folder holds another sweep's.
  SweepRunner(const scenarios::Sweep& sweep, std::filesystem::path out, std::size_t jobs,
              ProgressDisplay& display, std::stop_token stop);

  /// Runs to make, by case: those that are complete are not repeated.
  [[nodiscard]] std::vector<std::size_t> open_runs() const;
  /// Makes them.
  const scenarios::SweepRuns& run();

  [[nodiscard]] bool failed() const { return any(scenarios::SweepRun::kFailed); }
  [[nodiscard]] bool missed() const { return any(scenarios::SweepRun::kMissed); }

 private:
  using Clock = std::chrono::steady_clock;

  /// One run, with where it is kept: <case>/seed-<n>.toml and <case>/seed-<n>/.
  struct Task {
    std::size_t point;
    std::size_t seed;
    std::string folder;  ///< relative to the sweep's
  };

  [[nodiscard]] bool any(std::string_view status) const;
  [[nodiscard]] std::filesystem::path scenario_file(const Task& task) const;
  /// A run that is there and is none of this sweep's was made by another sweep, whose tables would
  /// be lost.
  void refuse_strangers(const std::vector<Task>& tasks) const;
  /// Writes the run's scenario, or checks that what is there was made from the same one.
  void prepare(const Task& task) const;
  [[nodiscard]] bool is_complete(const Task& task) const;
  /// The next runs to make, in one process: what they read and load is shared. Few enough that all
  /// workers are busy to the end.
  std::vector<Task> take_batch();
  void work();
  void enter(const Task& task, const scenarios::SweepRun& run);
  /// From the time that the runs so far took.
  [[nodiscard]] std::string time_left() const;
  [[nodiscard]] scenarios::SweepRun finished(const Task& task) const;
  /// What a line of the process says of its run.
  scenarios::SweepRun told(const Task& task, std::string_view line) const;
  static scenarios::SweepRun failed_run(const Task& task, const std::string& error);
  /// In a process of its own: one that dies takes the run at hand with it, the rest begin anew.
  void perform(const std::vector<Task>& batch);
  void write_tables() const;

  const scenarios::Sweep& sweep_;
  std::filesystem::path out_;
  std::size_t jobs_;
  ProgressDisplay& display_;
  std::stop_token stop_;
  std::stop_source halt_;   // that, or tables that cannot be written
  std::vector<Task> open_;  // that no process has yet
  std::mutex mutex_;
  Clock::time_point began_;
  std::size_t to_do_ = 0;
  std::size_t done_ = 0;
  std::exception_ptr failure_;  // the tables could not be written
  scenarios::SweepRuns runs_;
};

}  // namespace lorafleet::tools
