#include "actors/run/client_limits.hpp"

#include <cmath>

#include "actors/strategy/modes/policy.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::actors {

std::optional<ClientLimit> broken_client_limit(const FederationConfig& config,
                                               std::size_t clients) {
  const auto& wanted = config.clients;
  const auto most = static_cast<std::int64_t>(clients);
  const strategy::Mode& mode = strategy::modes().at(config.aggregation.mode);
  if (!mode.has_rounds) {
    if (wanted.concurrency <= most) return std::nullopt;
    return ClientLimit{"clients.concurrency",
                       std::to_string(wanted.concurrency) + " clients cannot be in flight"};
  }
  const std::int64_t lane = mode.has_tiers ? most / config.aggregation.tiers : most;
  const auto broken = [&](std::string what) {
    return ClientLimit{"clients.per_round", std::move(what),
                       mode.has_tiers ? std::optional(lane) : std::nullopt};
  };
  if (wanted.per_round > lane)
    return broken(std::to_string(wanted.per_round) + " clients cannot be picked");
  // 10 * 1.1 is a little more than 11.
  const auto invited = static_cast<std::int64_t>(
      std::ceil(static_cast<double>(wanted.per_round) * wanted.overcommit * (1.0 - 1e-12)));
  if (invited <= lane) return std::nullopt;
  return broken("with clients.overcommit, " + std::to_string(invited) +
                " clients would be invited");
}

std::string allowed(const ClientLimit& limit, const std::string& clients) {
  if (!limit.tier) return "at most " + clients;
  return "at most " + std::to_string(*limit.tier) + ", a tier's share of " + clients;
}

void check_client_limits(const FederationConfig& config, std::size_t clients) {
  const auto limit = broken_client_limit(config, clients);
  if (!limit) return;
  throw InputError(limit->key, limit->what + "; allowed: " +
                                   allowed(*limit, std::to_string(clients) +
                                                       ", the clients that the data gives"));
}

}  // namespace lorafleet::actors
