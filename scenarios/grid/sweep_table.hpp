#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/coordinator/run_status.hpp"
#include "scenarios/grid/sweep.hpp"

namespace lorafleet::scenarios {

/// What became of one run of a sweep.
struct SweepRun {
  static constexpr const char* kPending = "pending";
  static constexpr const char* kCompleted = actors::kRunCompleted;
  static constexpr const char* kMissed = "missed";  ///< complete, but not what [expect] expects
  static constexpr const char* kFailed = "failed";
  static constexpr const char* kInterrupted = actors::kRunInterrupted;

  std::string status = kPending;          ///< one of these
  std::string error;                      ///< last line of its error output, where it failed
  std::string folder;                     ///< of the run, relative to the sweep's
  std::map<std::string, double> figures;  ///< numbers of summary.json under dotted keys
};

/// By case, then by seed, as in Sweep.
using SweepRuns = std::vector<std::vector<SweepRun>>;

/// Over the seeds of one case whose run has the figure.
struct Spread {
  std::size_t count = 0;
  double mean = 0.0;
  double deviation = 0.0;  ///< of a sample: divided by count - 1; 0 for one value
};
Spread spread(const std::vector<SweepRun>& runs, const std::string& figure);

/// The figures that a table of the sweep shows: the sweep's own, or the usual ones that some run
/// has.
std::vector<std::string> shown_figures(const Sweep& sweep, const SweepRuns& runs);

/// Of the sweep's own figures, those that no run has, where some run has any.
std::vector<std::string> unknown_figures(const Sweep& sweep, const SweepRuns& runs);

/// A row for each run: case, the keys that differ, seed, status, error, folder, every figure.
std::string sweep_csv(const Sweep& sweep, const SweepRuns& runs);

/// A case each: settings, runs, and mean and deviation of every figure over the seeds; the answers
/// to the sweep's questions.
std::string sweep_json(const Sweep& sweep, const SweepRuns& runs);

/// Rows of cells for people: a case a row, "mean +- deviation" of the shown figures; failed runs
/// are counted.
std::vector<std::vector<std::string>> sweep_rows(const Sweep& sweep, const SweepRuns& runs);

}  // namespace lorafleet::scenarios
