#pragma once
// Internal to actors/: how the actor systems of this program are set up. Includes CAF.

#include <atomic>
#include <cstddef>
#include <memory>

#include "actors/network_messages.hpp"

namespace lorafleet::actors {

/// Intra-op threads of each thread of an actor system. A host learns the number from its first run.
using TorchThreads = std::shared_ptr<std::atomic<int>>;

class SystemConfig final : public caf::actor_system_config {
 public:
  /// `workers`: threads of the scheduler, which pass messages and fold; training and scoring have
  /// threads of their own.
  SystemConfig(TorchThreads threads, std::size_t workers, bool network);
};

}  // namespace lorafleet::actors
