#pragma once

#include <filesystem>
#include <map>
#include <vector>

#include "actors/coordinator.hpp"
#include "model/evaluation.hpp"

namespace lorafleet::actors {

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
  void write(const std::filesystem::path& file) const;

 private:
  struct Totals {
    std::int64_t updates_dropped = 0;
    std::int64_t train_tokens = 0;
    std::int64_t bytes_down = 0;
    std::int64_t bytes_up = 0;
  };
  struct Row {
    sim::VirtualTime time;
    Totals totals;  ///< since the start
    VersionMade made;
    double train_loss = 0.0;
    bool evaluated = false;
    model::Score score;
    std::map<std::string, double> metrics;
  };
  std::vector<Row> rows_;  // by version
  Totals totals_;
  VersionMade latest_;
  std::map<sim::Sequence, double> losses_;  // of updates that wait to be folded
  double latest_train_loss_ = 0.0;
};

}  // namespace lorafleet::actors
