#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "actors/coordinator/run_observer.hpp"
#include "actors/messages.hpp"

namespace lorafleet::actors {

/// What the aggregator needs besides the configuration.
struct AggregatorParts {
  FederationConfig config;
  FederationParts federation;
  std::vector<ClientHandle> clients;  ///< by ClientId
  EvaluatorHandle evaluator;
  std::shared_ptr<RunObserver> observer;
  std::shared_ptr<CheckpointStore> checkpoints;  ///< null: none are written
  std::shared_ptr<const RunCheckpoint> resumed;  ///< null: the run starts
};

/// The server: a thin shell that turns the coordinator's decisions into messages and the clients'
/// answers into deliveries.
///
///   created --StartRun--> running --stop condition or InterruptRun--> scoring --last score--> done
///
/// The evaluator gets one version at a time. Where it falls far behind, arrived updates are held
/// back (their order does not matter), so that unscored adapters cannot fill the memory; an
/// interrupted run gives up all scores but those of the first and the last version.
///
/// Any failure (training, evaluation, an observer that cannot write) answers StartRun with an
/// error.
class AggregatorActor final : public AggregatorHandle::base, private CoordinatorEffects {
 public:
  AggregatorActor(caf::actor_config& config, AggregatorParts parts);
  behavior_type make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "aggregator"; }

 private:
  static constexpr std::size_t kMostUnscored = 32;

  void train(TrainRequest order) override;
  void abandon(sim::JobId id) override;
  void publish(sim::Version version, sim::VirtualTime time,
               const model::AdapterPtr& adapter) override;
  void record(const Event& event) override;
  void version_boundary(const Coordinator& coordinator) override;

  template <typename Step>
  void guarded(const Step& step);
  void start();
  void interrupt();
  void write_checkpoint();
  void deliver_held();
  void evaluate(sim::Version version, const model::AdapterPtr& adapter, bool fully);
  void score_next();
  void finish_if_done();
  void fail(caf::error failure);

  AggregatorParts parts_;
  std::unique_ptr<Coordinator> coordinator_;
  caf::typed_response_promise<RunFinished> answer_;
  bool started_ = false;
  bool interrupted_ = false;
  bool answered_ = false;
  std::optional<sim::Version> last_evaluated_;
  bool last_fully_ = false;
  std::deque<EvaluateVersion> unscored_;  // the first one is with the evaluator
  std::deque<ClientUpdate> held_;
  std::chrono::steady_clock::time_point checkpointed_at_ = std::chrono::steady_clock::now();
};

}  // namespace lorafleet::actors
