#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "actors/sim/fleet.hpp"
#include "model/text/encoded_data.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::actors {

/// What the clients with slow devices have more of: a number of the client's examples, or none.
struct SlowHave {
  std::string name;
  double (*measure)(const model::EncodedData& data, const Indices& examples) = nullptr;
};
/// devices.slow_have
const Registry<SlowHave>& slow_have();

/// The devices of a run of `clients` clients: dealt once, and handed around. Throws InputError.
std::shared_ptr<const sim::Fleet> deal_devices(const FederationConfig& config, std::size_t clients,
                                               double train_flops_per_token);

/// The same for clients with examples: which of them have the slow devices may depend on these.
std::shared_ptr<const sim::Fleet> deal_devices(const FederationConfig& config,
                                               const model::EncodedData& data,
                                               const std::vector<IndicesPtr>& client_examples,
                                               double train_flops_per_token);

}  // namespace lorafleet::actors
