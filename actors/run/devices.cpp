#include "actors/run/devices.hpp"

namespace lorafleet::actors {

std::shared_ptr<const sim::Fleet> deal_devices(const FederationConfig& config, std::size_t clients,
                                               double train_flops_per_token) {
  return std::make_shared<const sim::Fleet>(config.devices, config.network, clients, config.seed,
                                            train_flops_per_token);
}

}  // namespace lorafleet::actors
