#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "actors/sim/ids.hpp"
#include "actors/sim/usage.hpp"
#include "actors/sim/virtual_time.hpp"

namespace lorafleet::actors {

/// What happened in a run, in virtual-time order: the lines of events.jsonl.
struct JobDispatched {
  sim::JobId id;
  sim::Version version;      ///< trained from
  sim::VirtualTime arrival;  ///< when the update will come, or when its loss will be noticed
  bool trained = true;       ///< false: it can never count, so it is not trained
  std::int64_t tokens = 0;
  std::int64_t bytes_down = 0;  ///< of the message to the client
  std::int64_t bytes_up = 0;    ///< of the message from it
  /// When the phases end, if nobody stops the job before; nothing where it is lost before that.
  std::optional<sim::VirtualTime> downloaded = std::nullopt;
  std::optional<sim::VirtualTime> computed = std::nullopt;
  sim::VirtualDuration waited = {};  ///< for the server's uplink; written where it is not 0
};
struct UpdateArrived {
  sim::JobId id;
  sim::Version version;  ///< trained from
  std::uint64_t staleness = 0;
  double weight = 0.0;  ///< what the fold will give it, before normalisation
  double loss = 0.0;    ///< mean training loss
  double norm = 0.0;    ///< of the update, Euclidean
  std::int64_t tokens = 0;
  sim::JobUsage used = {};                           ///< the whole job
  std::optional<std::uint64_t> tier = std::nullopt;  ///< tiered: the client's
};
/// `reason`: "dropped_out", "went_offline", "outage", "crashed", "late", "surplus", "too_stale",
/// "not_finite", "rejected", "round_failed".
struct UpdateLost {
  sim::JobId id;
  sim::Version version;
  std::string reason;
  /// What the job came to until it was told to stop; nothing where its update had arrived.
  std::optional<sim::JobUsage> used = std::nullopt;
};
/// A job that was in flight when the run stopped.
struct JobUnfinished {
  sim::JobId id;
  sim::Version version;
  sim::JobUsage used = {};  ///< until then
};
/// How good a fold was: see strategy::FoldReport.
struct FoldFigures {
  std::optional<double> reconstruction_error;
  double dropped_energy = 0.0;
  std::vector<std::pair<std::int64_t, double>> views;  ///< client rank, energy that it loses
  std::optional<double> effective_rank;
  double mean_cosine = 0.0;  ///< of the updates with the step
  double min_cosine = 0.0;
  bool rank_collapse = false;
};
struct VersionMade {
  sim::Version version;
  std::int64_t updates = 0;
  double mean_staleness = 0.0;
  double step_norm = 0.0;  ///< |new - old|
  double adapter_norm = 0.0;
  std::optional<std::uint64_t> tier = std::nullopt;  ///< tiered: which one, 0 is the fastest
  std::optional<FoldFigures> fold = std::nullopt;    ///< where the rule reports them
};
struct RoundFailed {
  sim::Version version;      ///< that was not made
  std::int64_t updates = 0;  ///< that were there
};
struct RunStopped {
  std::string
      reason;  ///< "versions", "virtual_seconds", "updates", "target", "no_progress", "interrupted"
};

struct Event {
  sim::VirtualTime time;
  std::variant<JobDispatched, UpdateArrived, UpdateLost, JobUnfinished, VersionMade, RoundFailed,
               RunStopped>
      what;
};

/// One line of events.jsonl without its end: fixed key order, shortest round-trip numbers.
std::string to_json_line(const Event& event);
/// The same, at the end of `text`.
void append_json_line(std::string& text, const Event& event);

/// Reads such a line back. Throws InputError that names `file` and `line`.
Event from_json_line(const std::string& text, const std::string& file, std::size_t line);

}  // namespace lorafleet::actors
