#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "actors/coordinator/run_observer.hpp"
#include "actors/output/clients_csv.hpp"
#include "actors/output/event_log.hpp"
#include "actors/output/rounds_csv.hpp"
#include "actors/output/tensorboard/tensorboard_log.hpp"
#include "actors/output/trace_json.hpp"
#include "actors/run/history.hpp"
#include "actors/run/progress.hpp"
#include "actors/run/run_audit.hpp"
#include "actors/sim/world.hpp"

namespace lorafleet::actors {

/// Writes a run down: events.jsonl as it happens, the tables at the end; tells the progress.
class RunRecorder final : public RunObserver {
 public:
  /// `resumed`, where given, is what `settle` said before: the events up to there are read again.
  /// Throws InputError where they are not those.
  RunRecorder(const std::filesystem::path& directory, const FederationConfig& config,
              std::vector<ClientFacts> clients, std::function<void(const Progress&)> progress,
              const RecorderState* resumed = nullptr);

  void on_event(const Event& event, const RunTotals& totals) override;
  void on_version(sim::Version version, sim::VirtualTime time, const RunTotals& totals) override;
  void on_evaluation(sim::Version version, const model::Evaluation& evaluation) override;
  RecorderState settle() override;

  /// Length of the event log that a run left in `directory`; 0 where there is none.
  static std::uint64_t events_bytes(const std::filesystem::path& directory);

  /// Finishes the files; offline.csv where a `world` is given whose clients can be away. Throws
  /// RuntimeFailure.
  void write_files(const sim::World* world = nullptr);

  [[nodiscard]] const std::optional<model::Evaluation>& initial() const { return initial_; }
  [[nodiscard]] const std::optional<model::Evaluation>& latest() const { return latest_; }
  /// After `write_files`.
  [[nodiscard]] const ClientsCsv& clients() const { return clients_; }
  [[nodiscard]] std::optional<TargetReached> reached(double perplexity) const {
    return rounds_.reached(perplexity);
  }
  /// After `write_files`.
  [[nodiscard]] const std::string& events_sha256() const { return events_sha256_; }
  [[nodiscard]] double wall_seconds() const;
  [[nodiscard]] const RunAudit& audit() const { return audit_; }

 private:
  void tell(bool milestone);
  void tally(const Event& event);
  void replay(const RecorderState& resumed);
  void take(const Event& event);
  [[nodiscard]] double done() const;
  void add_score(sim::Version version, const model::Evaluation& evaluation);

  std::filesystem::path directory_;
  strategy::StopConfig stop_;
  std::function<void(const Progress&)> progress_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::string events_sha256_;
  RoundsCsv rounds_;
  std::optional<tensorboard::TensorBoardLog> tensorboard_;
  // Used by the thread of events_.
  ClientsCsv clients_;
  std::optional<TraceJson> trace_;
  RunAudit audit_;
  std::vector<ScoredVersion> scores_;
  sim::VirtualTime now_;
  RunTotals totals_;
  std::optional<model::Evaluation> initial_;
  std::optional<model::Evaluation> latest_;
  std::optional<std::uint64_t> latest_version_;
  // For the progress.
  std::string name_;
  History losses_;
  History eval_scores_;     // perplexities, or accuracies
  double staleness_ = 0.0;  // mean of the latest version
  std::uint64_t largest_staleness_ = 0;
  struct Start {
    double done = 0.0;
    std::int64_t tokens = 0;
  };
  std::optional<Start> start_;  // of this process
  double told_at_ = -1.0;
  EventLog events_;  // last: its thread uses the others
};

}  // namespace lorafleet::actors
