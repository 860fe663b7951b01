#pragma once

#include <string>

#include "actors/sim/ids.hpp"
#include "model/adapter/adapter.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::actors {

/// A trained adapter on its way back.
struct ClientUpdate {
  sim::JobId id;
  model::AdapterPtr adapter;
  model::TrainStats stats;
  model::PrivateStatePtr state = nullptr;  ///< what the client keeps; null: as the request gave it
};

/// In its place: the training itself failed, which ends the run.
struct JobFailed {
  sim::JobId id;
  std::string reason;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("id", self.id);
    visit("reason", self.reason);
  }
};

}  // namespace lorafleet::actors
