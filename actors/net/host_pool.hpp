#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "actors/sim/event_queue.hpp"

namespace lorafleet::actors::net {

/// Which host trains which job: the slots of all hosts as one pool in front of one queue, the
/// earliest virtual arrival first. A host may have one job more than it has slots, so that the next
/// one is there when a slot falls idle. Knows names only: neither adapters nor connections.
class HostPool {
 public:
  using HostId = std::uint64_t;

  struct Assignment {
    HostId host = 0;
    sim::JobId job;
  };

  void add_host(HostId host, std::uint32_t slots);
  /// Its jobs go back into the queue; returns them.
  std::vector<sim::JobId> remove_host(HostId host);
  [[nodiscard]] bool has_host(HostId host) const { return hosts_.contains(host); }
  [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }
  [[nodiscard]] std::size_t slots() const;

  void queue(sim::JobId job, sim::VirtualTime arrival);
  /// The next job that a host should get, if one has room. It counts as the host's from now on.
  std::optional<Assignment> next();
  /// A result came from `host`: whether it is the one that has the job, which is then out of the
  /// pool. Anything else is a late echo of a job that was given to somebody else.
  bool finish(HostId host, sim::JobId job);
  /// Whether `host` has the job.
  [[nodiscard]] bool has(HostId host, sim::JobId job) const;
  /// Takes a job out of the pool; returns the host that has it.
  std::optional<HostId> abandon(sim::JobId job);

  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  [[nodiscard]] std::size_t running(HostId host) const;

 private:
  static constexpr std::size_t kAhead = 1;

  struct Place {
    sim::VirtualTime arrival;
    std::optional<HostId> host;
  };
  struct Host {
    std::uint32_t slots = 0;
    std::set<sim::JobId> jobs;
  };

  std::map<sim::JobId, Place> places_;
  std::set<sim::JobEnd> queue_;
  std::map<HostId, Host> hosts_;
};

}  // namespace lorafleet::actors::net
