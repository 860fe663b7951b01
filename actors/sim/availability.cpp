#include "actors/sim/availability.hpp"

#include <string>

#include "actors/sim/alternating.hpp"
#include "actors/sim/regular.hpp"
#include "actors/sim/trace.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::sim {

namespace {

void require(bool holds, const char* key, const char* allowed) {
  if (!holds) {
    throw InputError(std::string("availability.") + key,
                     std::string("is out of range; allowed: ") + allowed);
  }
}

}  // namespace

std::unique_ptr<const Timeline> availability_timeline(const AvailabilityConfig& config,
                                                      std::size_t clients, std::uint64_t run_seed) {
  if (config.model == "always") return nullptr;
  if (config.model == "bernoulli") {
    require(config.probability > 0.0 && config.probability <= 1.0, "probability",
            "above 0, at most 1");
    return nullptr;
  }
  if (config.model == "markov") {
    require(config.mean_up_seconds > 0.0, "mean_up_seconds", "above 0");
    require(config.mean_down_seconds > 0.0, "mean_down_seconds", "above 0");
    return std::make_unique<Alternating>(run_seed, Purpose::availability, config.mean_up_seconds,
                                         config.mean_down_seconds);
  }
  if (config.model == "daily") {
    require(config.day_seconds > 0.0, "day_seconds", "above 0");
    require(config.online_share > 0.0 && config.online_share <= 1.0, "online_share",
            "above 0, at most 1");
    return std::make_unique<Daily>(run_seed, config.day_seconds, config.online_share,
                                   config.window_start_seconds);
  }
  if (config.model == "file") {
    if (config.file.empty()) throw InputError("availability.file", "is missing");
    return std::make_unique<Trace>(read_trace(config.file, clients, config.repeat_seconds));
  }
  throw InputError("availability.model", "\"" + config.model +
                                             "\" is not known; allowed: always, bernoulli, "
                                             "markov, daily, file");
}

}  // namespace lorafleet::sim
