#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/coordinator/coordinator.hpp"
#include "actors/coordinator/folded_updates.hpp"
#include "model/evaluation/evaluation.hpp"

namespace lorafleet::actors {

/// The first version whose perplexity was at or below a target, and what all jobs had come to by
/// then.
struct TargetReached {
  std::uint64_t version = 0;
  sim::VirtualTime time;
  std::int64_t updates = 0;  ///< applied since the start, as the others
  std::int64_t train_tokens = 0;
  std::int64_t bytes_down = 0;
  std::int64_t bytes_up = 0;
  double joules = 0.0;
};

/// rounds.csv: a row for each version of the global adapter, version 0 included. Scores are empty
/// where a version was not evaluated. Holds no real time, so that equal runs give equal bytes.
class RoundsCsv {
 public:
  void add(const Event& event);
  /// After the events that belong to it.
  void add_version(sim::Version version, sim::VirtualTime time);
  void add_evaluation(sim::Version version, const model::Evaluation& evaluation);

  /// Mean training loss of the updates that made the latest version; 0 before the first.
  [[nodiscard]] double latest_train_loss() const { return latest_train_loss_; }
  /// Of the versions that were scored.
  [[nodiscard]] std::optional<TargetReached> reached(double perplexity) const;
  void write(const std::filesystem::path& file) const;

 private:
  struct Totals {
    std::int64_t updates_dropped = 0;
    std::int64_t train_tokens = 0;
    std::int64_t bytes_down = 0;
    std::int64_t bytes_up = 0;
    double joules = 0.0;
    std::int64_t updates = 0;  ///< applied
  };
  struct Row {
    sim::VirtualTime time;
    Totals totals;  ///< since the start, of the jobs that have ended
    double train_loss = 0.0;
    std::int64_t updates = 0;
    double mean_staleness = 0.0;
    double step_norm = 0.0;
    double adapter_norm = 0.0;
    std::optional<std::uint64_t> tier;
  };
  struct Scores {
    model::Score score;
    std::map<std::string, double> metrics;
    std::vector<model::ContextBin> lengths;  ///< where there are two or more
  };
  void charge(const sim::JobUsage& used);

  std::deque<Row> rows_;                        // by version
  std::map<std::uint64_t, FoldFigures> folds_;  // by version, of those that have them
  std::map<std::uint64_t, Scores> scores_;      // likewise
  Totals totals_;
  VersionMade latest_;
  FoldedUpdates<std::pair<sim::Sequence, double>> losses_;
  double latest_train_loss_ = 0.0;
};

}  // namespace lorafleet::actors
