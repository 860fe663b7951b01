#pragma once

#include "actors/sim/ids.hpp"
#include "actors/sim/time/virtual_time.hpp"
#include "model/adapter/adapter.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::actors {

/// The order to train: sent to a client when the coordinator picks it.
struct TrainRequest {
  sim::JobId id;
  sim::Version version;                    ///< of `adapter`
  sim::VirtualTime arrival;                ///< of the update: the slots' priority
  model::AdapterPtr adapter;               ///< what the client receives of the global adapter
  model::PrivateStatePtr state = nullptr;  ///< the client's own; null: none yet
  model::Factors trains = model::Factors::both;
};

}  // namespace lorafleet::actors
