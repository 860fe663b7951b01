#include "actors/sim/availability.hpp"

#include <string>

namespace lorafleet::sim {

AvailabilityModel always();
AvailabilityModel bernoulli();
AvailabilityModel markov();
AvailabilityModel daily();
AvailabilityModel trace_file();

const Registry<AvailabilityModel>& availability_models() {
  static const Registry<AvailabilityModel> kRegistry(
      "availability.model", {always(), bernoulli(), markov(), daily(), trace_file()});
  return kRegistry;
}

void require_availability(bool holds, const char* key, const char* allowed) {
  if (!holds) {
    throw InputError(std::string("availability.") + key,
                     std::string("is out of range; allowed: ") + allowed);
  }
}

/// Clients are always there.
AvailabilityModel always() {
  return {.name = "always",
          .make = [](const AvailabilityConfig&, std::size_t,
                     std::uint64_t) -> std::unique_ptr<const Timeline> { return nullptr; }};
}

}  // namespace lorafleet::sim
