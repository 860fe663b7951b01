#pragma once

#include <cstddef>
#include <vector>

#include "actors/sim/world.hpp"

namespace lorafleet::sim {

/// From `start` up to but without `end`.
struct OfflineSpan {
  VirtualTime start;
  VirtualTime end;
  friend bool operator==(const OfflineSpan&, const OfflineSpan&) = default;
};

/// When a client was not there, by its model of [availability] or in an outage.
struct Offline {
  std::vector<OfflineSpan> spans;  ///< in order, apart from each other; the last may end at `known`
  VirtualTime known;               ///< what comes later was not looked at
};

/// From time 0 to `until`, or to where there would be more than about `most` spans. Pure: whatever
/// the world's own time is.
Offline offline_of(const World& world, ClientId client, VirtualTime until, std::size_t most);

}  // namespace lorafleet::sim
