#include "actors/sim/availability.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::sim {

/// Clients are always there, but take an invitation with the probability of the config alone, drawn
/// anew for each.
AvailabilityModel bernoulli() {
  return {.name = "bernoulli",
          .keys = {"probability"},
          .answers =
              [](const AvailabilityConfig& config, std::uint64_t run_seed, ClientId client,
                 Sequence seq) {
                return Random(run_seed, Purpose::availability, client.value, seq.value)
                    .bernoulli(config.probability);
              },
          .make = [](const AvailabilityConfig& config, std::size_t,
                     std::uint64_t) -> std::unique_ptr<const Timeline> {
            require_availability(config.probability > 0.0 && config.probability <= 1.0,
                                 "probability", "above 0, at most 1");
            return nullptr;
          }};
}

}  // namespace lorafleet::sim
