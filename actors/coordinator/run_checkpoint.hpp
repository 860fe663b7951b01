#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/coordinator/coordinator_state.hpp"
#include "model/evaluation/evaluation.hpp"

namespace lorafleet::actors {

/// A version that was made and is not scored yet.
struct UnscoredVersion {
  sim::Version version;
  model::AdapterPtr adapter;
  bool fully = false;  ///< with the metrics that generate text

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("version", self.version);
    visit("adapter", self.adapter);
    visit("fully", self.fully);
  }
};

struct ScoredVersion {
  sim::Version version;
  model::Evaluation evaluation;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("version", self.version);
    visit("evaluation", self.evaluation);
  }
};

/// How far the files of a run directory are written.
struct RecorderState {
  std::uint64_t events_bytes = 0;  ///< of events.jsonl
  std::string events_sha256;       ///< of these
  std::vector<ScoredVersion> scores;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("events_bytes", self.events_bytes);
    visit("events_sha256", self.events_sha256);
    visit("scores", self.scores);
  }
};

/// All that a run needs to go on as if it had never stopped.
struct RunCheckpoint {
  CoordinatorState coordinator;
  std::vector<UnscoredVersion> unscored;
  std::optional<sim::Version> last_evaluated;
  bool last_fully = false;
  RecorderState recorder;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("coordinator", self.coordinator);
    visit("unscored", self.unscored);
    visit("last_evaluated", self.last_evaluated);
    visit("last_fully", self.last_fully);
    visit("recorder", self.recorder);
  }
};

/// Where checkpoints go.
class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;
  /// Throws where it cannot be written; the one before is still there then.
  virtual void write(const RunCheckpoint& checkpoint) = 0;
};

}  // namespace lorafleet::actors
