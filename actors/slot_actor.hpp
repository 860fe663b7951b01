#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "actors/messages.hpp"
#include "actors/slot_board.hpp"

namespace lorafleet::actors {

/// A device slot: trains one job at a time, to the end. Spawned detached, so that a long job blocks
/// nothing but its own thread.
class SlotActor final : public SlotHandle::base {
 public:
  /// `board`, where there is one, hears of each job under the number `slot`.
  SlotActor(caf::actor_config& config, std::shared_ptr<const model::Trainer> trainer,
            std::size_t slot = 0, std::shared_ptr<SlotBoard> board = nullptr);
  behavior_type make_behavior() override;
  const char* name() const override { return "slot"; }

 private:
  std::shared_ptr<const model::Trainer> trainer_;
  std::size_t slot_;
  std::shared_ptr<SlotBoard> board_;
};

}  // namespace lorafleet::actors
