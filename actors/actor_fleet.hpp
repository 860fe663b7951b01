#pragma once

#include <caf/fwd.hpp>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "actors/coordinator/coordinator.hpp"
#include "actors/fleet_parts.hpp"

namespace lorafleet::actors {

/// What a finished run leaves.
struct RunEnd {
  model::AdapterPtr adapter;
  RunTotals totals;
  ClientsOwn clients = {};
};

/// The actors of one run in one process: aggregator, evaluator, host, slots and a client for each
/// part of the data.
class ActorFleet {
 public:
  ActorFleet(caf::actor_system& system, const FleetParts& parts);
  ~ActorFleet();
  ActorFleet(const ActorFleet&) = delete;
  ActorFleet& operator=(const ActorFleet&) = delete;

  /// Begins the run. Exactly one of the two is called from an actor's thread when it is over.
  void start(std::function<void(RunEnd)> finished, std::function<void(std::string)> failed);
  /// Thread-safe: ends the run at the current virtual time.
  void interrupt();

 private:
  struct Actors;
  std::unique_ptr<Actors> actors_;
};

/// Runs a fleet to its end in a CAF system of its own, whose threads are set to `threads` intra-op
/// threads; `stop` interrupts it. Throws RuntimeFailure where it failed.
RunEnd run_fleet(const FleetParts& parts, int threads, std::stop_token stop);

}  // namespace lorafleet::actors
