#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "actors/sim/config.hpp"
#include "actors/sim/fleet.hpp"
#include "actors/sim/ids.hpp"
#include "actors/sim/time/timeline.hpp"

namespace lorafleet::sim {

/// Outages that take whole groups of clients away at once.
///
/// Entry e hits the clients of its tier (all, where it names none) or, with a share below 1, a
/// fixed subset of max(1, round(share * size)) of them: the first of a permutation drawn from (run
/// seed, outage, e). When it strikes is Regular or Alternating, the same for the whole group.
class Outages {
 public:
  /// Throws InputError for a tier that the fleet does not have and for times that make no sense.
  Outages(const std::vector<OutageConfig>& config, const Fleet& fleet, std::uint64_t run_seed);

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  /// When an outage begins or ends next; kNever: none does.
  [[nodiscard]] VirtualTime next() const { return next_; }
  /// Lets pass all beginnings and ends at next().
  void pass_next();
  [[nodiscard]] bool hits(ClientId client) const;
  /// The next beginning of an outage that hits this client; kNever: there is none. While one hits
  /// it already, the end of an outage does not count.
  [[nodiscard]] VirtualTime next_hit(ClientId client) const;
  /// The timelines of the outages that can hit the client, with their owners' numbers. Pure.
  [[nodiscard]] std::vector<std::pair<const Timeline*, std::uint32_t>> timelines_of(
      ClientId client) const;
  /// The first moment from `time` (not before the last one passed) on at which nothing hits the
  /// client; kNever where that is not before `limit`.
  [[nodiscard]] VirtualTime free_from(ClientId client, VirtualTime time, VirtualTime limit) const;

 private:
  struct Entry {
    std::unique_ptr<const Timeline> timeline;
    std::uint32_t number;
    Period period;
    std::vector<bool> members;
  };
  void find_next();

  std::vector<Entry> entries_;
  VirtualTime next_ = kNever;
};

}  // namespace lorafleet::sim
