#pragma once

#include "actors/coordinator/coordinator.hpp"
#include "actors/coordinator/run_checkpoint.hpp"
#include "model/evaluation/evaluation.hpp"

namespace lorafleet::actors {

/// Who writes down what happens. Called by the aggregator alone, one call at a time.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void on_event(const Event& event, const RunTotals& totals) = 0;
  /// After the events that belong to it; version 0 at the start included.
  virtual void on_version(sim::Version version, sim::VirtualTime time, const RunTotals& totals) = 0;
  /// In the order of the versions, at any real time after `on_version`.
  virtual void on_evaluation(sim::Version version, const model::Evaluation& evaluation) = 0;
  /// For a checkpoint: what was told so far outlives a crash, and this is how far it goes.
  virtual RecorderState settle() { return {}; }
};

}  // namespace lorafleet::actors
