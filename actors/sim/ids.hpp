#pragma once

#include <compare>
#include <cstdint>

namespace lorafleet::sim {

/// A simulated data owner; 0 to clients - 1.
struct ClientId {
  std::uint32_t value = 0;
  friend auto operator<=>(ClientId, ClientId) = default;
};

/// Number of aggregations that made a global adapter; 0 is the initial one.
struct Version {
  std::uint64_t value = 0;
  friend auto operator<=>(Version, Version) = default;
};

/// Numbers the jobs of a run in the order in which they were handed out, from 1.
struct Sequence {
  std::uint64_t value = 0;
  friend auto operator<=>(Sequence, Sequence) = default;
};

/// One job: who does it, and which of the run's jobs it is.
struct JobId {
  ClientId client;
  Sequence seq;
  friend auto operator<=>(const JobId&, const JobId&) = default;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("client", self.client);
    visit("seq", self.seq);
  }
};

}  // namespace lorafleet::sim
