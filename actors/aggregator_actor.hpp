#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "actors/messages.hpp"
#include "actors/run_observer.hpp"

namespace lorafleet::actors {

/// What the aggregator needs besides the configuration.
struct AggregatorParts {
  FederationConfig config;
  JobSizer sizer;
  double train_flops_per_token = 0.0;
  model::AdapterPtr initial;
  std::vector<ClientHandle> clients;  ///< by ClientId
  EvaluatorHandle evaluator;
  std::shared_ptr<RunObserver> observer;
};

/// The server: a thin shell that turns the coordinator's decisions into messages and the clients'
/// answers into deliveries.
///
///   created --StartRun--> running --stop condition or InterruptRun--> scoring --last score--> done
///
/// Any failure (training, evaluation, an observer that cannot write) answers StartRun with an
/// error.
class AggregatorActor final : public AggregatorHandle::base, private CoordinatorEffects {
 public:
  AggregatorActor(caf::actor_config& config, AggregatorParts parts);
  behavior_type make_behavior() override;
  const char* name() const override { return "aggregator"; }

 private:
  void train(const TrainRequest& order) override;
  void abandon(sim::ClientId client, sim::Sequence seq) override;
  void publish(sim::Version version, sim::VirtualTime time,
               const model::AdapterPtr& adapter) override;
  void record(const Event& event) override;

  void guarded(const std::function<void()>& step);
  void evaluate(sim::Version version, const model::AdapterPtr& adapter);
  void finish_if_done();
  void fail(caf::error failure);

  AggregatorParts parts_;
  std::unique_ptr<Coordinator> coordinator_;
  caf::typed_response_promise<RunFinished> answer_;
  bool answered_ = false;
  std::optional<sim::Version> last_evaluated_;
  std::int64_t evaluations_pending_ = 0;
};

}  // namespace lorafleet::actors
