#include "actors/fleet_parts.hpp"

#include <algorithm>

#include "actors/run/slot_jobs.hpp"

namespace lorafleet::actors {

FleetParts fleet_parts(const FederationConfig& config, const Learning& learning,
                       const HeadSetup* head, const Note& warning) {
  FleetParts parts;
  parts.config = config;
  parts.trainer = learning.trainer;
  parts.scorer = learning.scorer;
  parts.client_examples = learning.client_examples;
  parts.federation = learning.federation;
  parts.federation.world = make_world(config, learning);
  parts.slots = config.slots.slots(std::max<std::size_t>(1, learning.bases.size()));
  parts.jobs_of_slot = config.slots.jobs_of_slot();
  if (learning.trainer->is_instant()) {
    parts.workers = parts.slots;
    parts.slots = 1;
  }
  if (head != nullptr) parts.slots = static_cast<std::size_t>(head->options.own_slots);
  parts.jobs_of_slot =
      jobs_that_fit(config, learning, {parts.slots, parts.jobs_of_slot}, true, warning);
  return parts;
}

}  // namespace lorafleet::actors
