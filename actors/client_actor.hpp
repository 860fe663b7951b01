#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "actors/messages.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::actors {

/// What all clients of a process have in common.
struct ClientContext {
  std::uint64_t run_seed = 0;
  std::shared_ptr<const model::Trainer> trainer;
  HostHandle host;
};

/// One federated client: owns its part of the data, prepares its jobs, and answers the aggregator
/// with its trained adapter. Where training costs next to nothing it trains by itself.
class ClientActor final : public ClientHandle::base {
 public:
  ClientActor(caf::actor_config& config, sim::ClientId id, IndicesPtr examples,
              std::shared_ptr<const ClientContext> context);
  behavior_type make_behavior() override;
  void on_exit() override { context_.reset(); }
  const char* name() const override { return "client"; }

 private:
  void train(TrainRequest& order);

  sim::ClientId id_;
  IndicesPtr examples_;
  std::shared_ptr<const ClientContext> context_;
};

}  // namespace lorafleet::actors
