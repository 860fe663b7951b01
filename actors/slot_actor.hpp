#pragma once

#include <memory>
#include <string>

#include "actors/messages.hpp"

namespace lorafleet::actors {

/// A device slot: trains one job at a time, to the end. Spawned detached, so that a long job blocks
/// nothing but its own thread.
class SlotActor final : public SlotHandle::base {
 public:
  SlotActor(caf::actor_config& config, std::shared_ptr<const model::Trainer> trainer);
  behavior_type make_behavior() override;
  const char* name() const override { return "slot"; }

 private:
  std::shared_ptr<const model::Trainer> trainer_;
};

}  // namespace lorafleet::actors
