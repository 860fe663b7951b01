#include "actors/sim/availability.hpp"
#include "actors/sim/time/alternating.hpp"

namespace lorafleet::sim {

namespace {

/// A client stays this many mean times or longer with probability e^-5, 0.7 %.
constexpr double kRareStays = 5.0;

}  // namespace

/// Exponential periods, for each client by itself: Alternating.
AvailabilityModel markov() {
  return {.name = "markov",
          .keys = {"mean_up_seconds", "mean_down_seconds", "leaving"},
          .longest_stay = [](const AvailabilityConfig& config) -> std::optional<LongestStay> {
            return LongestStay{kRareStays * config.mean_up_seconds,
                               "five times availability.mean_up_seconds"};
          },
          .make = [](const AvailabilityConfig& config, std::size_t,
                     std::uint64_t run_seed) -> std::unique_ptr<const Timeline> {
            require_availability(config.mean_up_seconds > 0.0, "mean_up_seconds", "above 0");
            require_availability(config.mean_down_seconds > 0.0, "mean_down_seconds", "above 0");
            return std::make_unique<Alternating>(run_seed, Purpose::availability,
                                                 config.mean_up_seconds, config.mean_down_seconds);
          }};
}

}  // namespace lorafleet::sim
