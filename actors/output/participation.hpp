#pragma once

#include <cstdint>
#include <vector>

namespace lorafleet::actors {

/// How evenly the work of a run was spread over its clients.
struct Participation {
  double gini = 0.0;  ///< of the clients' updates: 0 for equal ones, near 1 for one client
  double slow_half_share = 0.0;  ///< of the updates, those of the slower half of the clients
};

/// The slower half of the clients by device speed, rounded down; of equals the earlier ones.
std::vector<bool> slow_half(const std::vector<double>& tokens_per_second);

/// `updates` of each client; nothing of no updates but zeros.
Participation participation(const std::vector<std::int64_t>& updates,
                            const std::vector<bool>& slow);

}  // namespace lorafleet::actors
