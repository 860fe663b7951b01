#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "actors/sim/ids.hpp"
#include "actors/sim/virtual_time.hpp"

namespace lorafleet::actors {

/// What happened in a run, in virtual-time order: the lines of events.jsonl.
struct JobDispatched {
  sim::ClientId client;
  sim::Sequence seq;
  sim::Version version;      ///< trained from
  sim::VirtualTime arrival;  ///< when the update will come, or when its loss will be noticed
  bool trained = true;       ///< false: it can never count, so it is not trained
  std::int64_t tokens = 0;
  std::int64_t bytes_down = 0;
};
struct UpdateArrived {
  sim::ClientId client;
  sim::Sequence seq;
  sim::Version version;  ///< trained from
  std::uint64_t staleness = 0;
  double weight = 0.0;  ///< what the fold will give it, before normalisation
  double loss = 0.0;    ///< mean training loss
  double norm = 0.0;    ///< of the update, Euclidean
  std::int64_t tokens = 0;
  std::int64_t bytes_up = 0;
};
/// `reason`: "dropped_out", "late", "surplus", "too_stale", "not_finite", "round_failed".
struct UpdateLost {
  sim::ClientId client;
  sim::Sequence seq;
  sim::Version version;
  std::string reason;
};
struct VersionMade {
  sim::Version version;
  std::int64_t updates = 0;
  double mean_staleness = 0.0;
  double step_norm = 0.0;  ///< |new - old|
  double adapter_norm = 0.0;
};
struct RoundFailed {
  sim::Version version;      ///< that was not made
  std::int64_t updates = 0;  ///< that were there
};
struct RunStopped {
  std::string reason;  ///< "versions", "virtual_seconds", "updates", "no_progress", "interrupted"
};

struct Event {
  sim::VirtualTime time;
  std::variant<JobDispatched, UpdateArrived, UpdateLost, VersionMade, RoundFailed, RunStopped> what;
};

/// One line of events.jsonl without its end: fixed key order, shortest round-trip numbers.
std::string to_json_line(const Event& event);

}  // namespace lorafleet::actors
