#pragma once

#include <filesystem>
#include <vector>

#include "actors/coordinator.hpp"
#include "model/evaluation.hpp"

namespace lorafleet::actors {

/// rounds.csv: a row for each version of the global adapter, version 0 included. Scores are empty
/// where a version was not evaluated. Holds no real time, so that equal runs give equal bytes.
class RoundsCsv {
 public:
  void add(const Event& event);
  void add_version(sim::Version version, sim::VirtualTime time, const RunTotals& totals);
  void add_evaluation(sim::Version version, const model::Evaluation& evaluation);

  /// Mean training loss of the updates that made the latest version; 0 before the first.
  [[nodiscard]] double latest_train_loss() const;
  void write(const std::filesystem::path& file) const;

 private:
  struct Row {
    sim::VirtualTime time;
    RunTotals totals;
    VersionMade made;
    double train_loss = 0.0;
    bool evaluated = false;
    model::Score score;
  };
  std::vector<Row> rows_;  // by version
  VersionMade latest_;
  double loss_sum_ = 0.0;
  std::int64_t losses_ = 0;
};

}  // namespace lorafleet::actors
