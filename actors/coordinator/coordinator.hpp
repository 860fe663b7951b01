#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "actors/coordinator/client_update.hpp"
#include "actors/coordinator/events.hpp"
#include "actors/coordinator/run_totals.hpp"
#include "actors/coordinator/train_request.hpp"
#include "actors/sim/ids.hpp"
#include "actors/sim/time/virtual_time.hpp"
#include "model/adapter/adapter.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::sim {
class World;
}

namespace lorafleet::actors {

struct CoordinatorState;

/// What each client keeps to itself, by client; those that keep nothing are not in it.
using PrivateStates = std::map<std::uint32_t, model::PrivateStatePtr>;

class Coordinator;

/// What single clients have that the others have not.
struct ClientsOwn {
  PrivateStates states;
  std::map<std::uint32_t, model::LayoutPtr> layouts;  ///< where they changed during the run
};

/// What the coordinator makes happen outside itself. Actors implement it; tests fake it.
class CoordinatorEffects {
 public:
  virtual ~CoordinatorEffects() = default;
  /// Start training now; `Coordinator::deliver` gets the result at any later real time.
  virtual void train(TrainRequest request) = 0;
  /// The job's result can no longer count; a result that comes all the same is ignored.
  virtual void abandon(sim::JobId id) = 0;
  /// A new version exists (version 0 at the start included).
  virtual void publish(sim::Version version, sim::VirtualTime time,
                       const model::AdapterPtr& adapter) = 0;
  virtual void record(const Event& event) = 0;
  /// Between two steps, after a version was made: the moment for a checkpoint.
  virtual void version_boundary(const Coordinator& /*coordinator*/) {}
};

/// Tells the size of a job before it is trained. Asked once for each client with seq 1 at
/// construction: clients without examples are never invited.
using JobSizer = std::function<model::JobSize(sim::JobId)>;

/// What a run's federation is made of, beside its configuration.
struct FederationParts {
  JobSizer sizer;
  double train_flops_per_token = 0.0;  ///< prices tiers given in FLOP/s
  model::AdapterPtr initial;
  std::vector<model::LayoutPtr> layouts = {};  ///< of each client; empty: all have `initial`'s
  /// What an adapter of the server's layout weighs as a message; 0: what it really has.
  std::int64_t message_bytes = 0;
  std::size_t clients = 0;    ///< 0: as many as [partition] says
  bool is_scored = true;      ///< false: no version is, so that no score can end the run
  bool reports_folds = true;  ///< false: none is measured, whatever aggregation.lora_report says
  /// At time 0; from now on the coordinator's alone. Null: it makes its own.
  std::shared_ptr<sim::World> world = nullptr;
};

/// Whether a version is to be scored ([evaluation]; the first one always is).
bool evaluation_is_due(const model::EvaluationConfig& evaluation, sim::Version version);

/// The aggregator's mind: a pure state machine over the virtual clock, without threads, actors or
/// real time. It picks clients, knows from the models when each update will arrive, takes arrivals
/// strictly in order (arrival, client, seq), waits where the next one is still being trained, folds
/// by the configured strategy, and reports each step as an event. Every sequence of calls that
/// delivers the same results gives the same effects, whatever the order of deliveries.
///
/// Clients are in lanes: all in one, or, in mode "tiered", one for each speed tier. A lane works in
/// rounds (one cohort after the other) or without (a new client for each that ended).
class Coordinator {
 public:
  /// Throws InputError for impossible configs.
  Coordinator(const FederationConfig& config, FederationParts parts, CoordinatorEffects& effects);
  ~Coordinator();

  /// Publishes version 0 and hands out the first jobs.
  void start();
  /// Instead of `start`: goes on where `save` of a coordinator with the same arguments was called.
  /// The jobs that were in flight are handed out again; nothing is recorded or published twice.
  void resume(const CoordinatorState& state);
  /// A job's result. Unknown, abandoned or repeated ones are ignored.
  void deliver(ClientUpdate update);
  /// The score of a version that is due. Only runs with stop.target_perplexity need it: there the
  /// virtual clock waits for it.
  void score(sim::Version version, double perplexity);
  /// Ends the run at the current virtual time with reason "interrupted".
  void interrupt();

  [[nodiscard]] CoordinatorState save() const;
  [[nodiscard]] bool finished() const;
  [[nodiscard]] const RunTotals& totals() const;
  [[nodiscard]] const model::AdapterPtr& adapter() const;  ///< the current global adapter
  [[nodiscard]] ClientsOwn clients_own() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lorafleet::actors
