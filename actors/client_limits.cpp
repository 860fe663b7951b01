#include "actors/client_limits.hpp"

#include <cmath>

#include "partition/support/error.hpp"

namespace lorafleet::actors {

std::optional<ClientLimit> broken_client_limit(const FederationConfig& config,
                                               std::size_t clients) {
  const auto& wanted = config.clients;
  const auto most = static_cast<std::int64_t>(clients);
  const std::string& mode = config.aggregation.mode;
  if (mode != "sync" && mode != "tiered") {
    if (wanted.concurrency <= most) return std::nullopt;
    return ClientLimit{"clients.concurrency",
                       std::to_string(wanted.concurrency) + " clients cannot be in flight"};
  }
  const std::int64_t lane = mode == "tiered" ? most / config.aggregation.tiers : most;
  if (mode == "tiered" && wanted.per_round > lane) {
    return ClientLimit{"clients.per_round", std::to_string(wanted.per_round) +
                                                " clients cannot be picked of a tier of " +
                                                std::to_string(lane)};
  }
  if (wanted.per_round > most) {
    return ClientLimit{"clients.per_round",
                       std::to_string(wanted.per_round) + " clients cannot be picked"};
  }
  // 10 * 1.1 is a little more than 11.
  const auto invited = static_cast<std::int64_t>(
      std::ceil(static_cast<double>(wanted.per_round) * wanted.overcommit * (1.0 - 1e-12)));
  if (invited <= lane) return std::nullopt;
  return ClientLimit{"clients.per_round", "with clients.overcommit, " + std::to_string(invited) +
                                              " clients would be invited"};
}

void check_client_limits(const FederationConfig& config, std::size_t clients) {
  const auto limit = broken_client_limit(config, clients);
  if (!limit) return;
  throw InputError(limit->key, limit->what + "; allowed: at most " + std::to_string(clients) +
                                   ", the clients that the data gives");
}

}  // namespace lorafleet::actors
