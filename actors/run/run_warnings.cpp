#include "actors/run/run_warnings.hpp"

#include "actors/sim/world.hpp"
#include "actors/sim/world_warnings.hpp"
#include "actors/strategy/lora/lora_rule.hpp"
#include "model/device/runtime_info.hpp"

namespace lorafleet::actors {

std::vector<std::string> warnings_before(const FederationConfig& config, const Learning& learning,
                                         const sim::World& world, std::size_t slots) {
  std::vector<sim::JobLoad> jobs;
  for (std::size_t c = 0; c < learning.clients(); ++c) {
    const sim::ClientId client{static_cast<std::uint32_t>(c)};
    const auto size = learning.federation.sizer({client, {1}});
    const std::int64_t bytes = learning.federation.initial->layout->message_bytes();
    if (size.examples > 0) jobs.push_back({{client, {1}}, size.tokens, bytes, bytes});
  }
  auto lines = sim::world_warnings(world, jobs,
                                   sim::VirtualDuration::from_seconds(config.stop.virtual_seconds));
  if (!learning.bases.empty()) {
    for (const auto& line : model::runtime_warnings())
      lines.push_back(line);
  }
  const std::size_t empty = learning.clients() - jobs.size();
  if (empty > 0) {
    lines.push_back(std::to_string(empty) + " of " + std::to_string(learning.clients()) +
                    " clients have no examples and never train");
  }
  const bool rounds = strategy::modes().at(config.aggregation.mode).has_rounds;
  const std::int64_t at_once = rounds ? config.clients.per_round : config.clients.concurrency;
  if (at_once < static_cast<std::int64_t>(slots)) {
    lines.push_back(std::to_string(slots) + " slots, but never more than " +
                    std::to_string(at_once) + " jobs at a time (" +
                    (rounds ? "clients.per_round" : "clients.concurrency") +
                    "): the others stand idle");
  }
  if (strategy::lora_rules().at(config.aggregation.lora).needs_private_b) {
    lines.push_back("aggregation.lora = \"" + config.aggregation.lora +
                    "\" leaves B with the clients: the global adapter alone scores as it started, "
                    "and adapter/ holds A only");
  }
  return lines;
}

}  // namespace lorafleet::actors
