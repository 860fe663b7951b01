#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "actors/messages.hpp"

namespace lorafleet::actors {

/// One federated client: owns its part of the data, prepares its jobs, and answers the aggregator
/// with its trained adapter.
class ClientActor final : public ClientHandle::base {
 public:
  ClientActor(caf::actor_config& config, sim::ClientId id, std::uint64_t run_seed,
              std::shared_ptr<const std::vector<std::uint32_t>> examples, HostHandle host);
  behavior_type make_behavior() override;
  const char* name() const override { return "client"; }

 private:
  sim::ClientId id_;
  std::uint64_t run_seed_;
  std::shared_ptr<const std::vector<std::uint32_t>> examples_;
  HostHandle host_;
};

}  // namespace lorafleet::actors
