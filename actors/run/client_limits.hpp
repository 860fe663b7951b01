#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "actors/config/federation_config.hpp"

namespace lorafleet::actors {

/// A key that asks for more clients than there are.
struct ClientLimit {
  std::string key;   ///< "clients.per_round"
  std::string what;  ///< "9 clients cannot be picked"
  /// Tiered: the clients of a tier, which are as many as may be asked for.
  std::optional<std::int64_t> tier = std::nullopt;
};

/// What a run with `clients` clients cannot give: more of them in flight (asynchronous modes), or
/// more in a cohort, overcommit included (sync).
std::optional<ClientLimit> broken_client_limit(const FederationConfig& config, std::size_t clients);

/// What would be allowed, of `clients` ("partition.clients, 8").
std::string allowed(const ClientLimit& limit, const std::string& clients);

/// Throws InputError with the key, its value and `clients` where a limit is broken: for numbers of
/// clients that are known only once the data is there (a manifest, natural owners).
void check_client_limits(const FederationConfig& config, std::size_t clients);

}  // namespace lorafleet::actors
