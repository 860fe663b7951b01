#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "actors/sim/ids.hpp"
#include "actors/sim/time/virtual_time.hpp"
#include "actors/sim/usage.hpp"

namespace lorafleet::actors {

// What happened in a run, in virtual-time order: the lines of events.jsonl. Beside plain fields
// (nothing is written of an optional that has no value) they have
//
//     unless_0(key, field)       left out where it is 0 or false
//     group(key, optional)       all fields of a struct, or none; `key` is always among them
//     numbered(prefix, pairs)    a key for each pair
//
// Times have the unit in their key: "arrival_us".

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

  static constexpr const char* kKind = "job_dispatched";
  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    sim::JobId::fields(self.id, visit);
    visit("version", self.version);
    visit("arrival", self.arrival);
    visit("trained", self.trained);
    visit("tokens", self.tokens);
    visit("bytes_down", self.bytes_down);
    visit("bytes_up", self.bytes_up);
    visit.unless_0("waited", self.waited);
    visit("downloaded", self.downloaded);
    visit("computed", self.computed);
  }
};
struct UpdateArrived {
  sim::JobId id;
  sim::Version version;  ///< trained from
  std::uint64_t staleness = 0;
  double weight = 0.0;  ///< what the fold will give it, before normalisation
  double loss = 0.0;    ///< mean training loss
  double norm = 0.0;    ///< of the update, Euclidean
  std::int64_t tokens = 0;
  sim::JobUsage used = {sim::JobPhase::complete, {}, {}};  ///< the whole job
  std::optional<std::uint64_t> tier = std::nullopt;        ///< tiered: the client's

  static constexpr const char* kKind = "update_arrived";
  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    sim::JobId::fields(self.id, visit);
    visit("version", self.version);
    visit("staleness", self.staleness);
    visit("weight", self.weight);
    visit("loss", self.loss);
    visit("norm", self.norm);
    visit("tokens", self.tokens);
    sim::JobUsage::amounts(self.used, visit);
    visit("tier", self.tier);
  }
};
/// `reason`: "dropped_out", "went_offline", "outage", "crashed", "late", "surplus", "too_stale",
/// "not_finite", "rejected", "round_failed".
struct UpdateLost {
  sim::JobId id;
  sim::Version version;
  std::string reason;
  /// What the job came to until it was told to stop; nothing where its update had arrived.
  std::optional<sim::JobUsage> used = std::nullopt;

  static constexpr const char* kKind = "update_lost";
  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    sim::JobId::fields(self.id, visit);
    visit("version", self.version);
    visit("reason", self.reason);
    visit.group("phase", self.used);
  }
};
/// A job that was in flight when the run stopped.
struct JobUnfinished {
  sim::JobId id;
  sim::Version version;
  sim::JobUsage used = {};  ///< until then

  static constexpr const char* kKind = "job_unfinished";
  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    sim::JobId::fields(self.id, visit);
    visit("version", self.version);
    sim::JobUsage::fields(self.used, visit);
  }
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

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("reconstruction_error", self.reconstruction_error);
    visit("dropped_energy", self.dropped_energy);
    visit.numbered("dropped_energy_r", self.views);
    visit("effective_rank", self.effective_rank);
    visit("mean_cosine", self.mean_cosine);
    visit("min_cosine", self.min_cosine);
    visit.unless_0("rank_collapse", self.rank_collapse);
  }
};
struct VersionMade {
  sim::Version version;
  std::int64_t updates = 0;
  double mean_staleness = 0.0;
  double step_norm = 0.0;  ///< |new - old|
  double adapter_norm = 0.0;
  std::optional<std::uint64_t> tier = std::nullopt;  ///< tiered: which one, 0 is the fastest
  std::optional<FoldFigures> fold = std::nullopt;    ///< where the rule reports them

  static constexpr const char* kKind = "version_made";
  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("version", self.version);
    visit("updates", self.updates);
    visit("mean_staleness", self.mean_staleness);
    visit("step_norm", self.step_norm);
    visit("adapter_norm", self.adapter_norm);
    visit("tier", self.tier);
    visit.group("mean_cosine", self.fold);
  }
};
struct RoundFailed {
  sim::Version version;      ///< that was not made
  std::int64_t updates = 0;  ///< that were there

  static constexpr const char* kKind = "round_failed";
  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("version", self.version);
    visit("updates", self.updates);
  }
};
struct RunStopped {
  std::string
      reason;  ///< "versions", "virtual_seconds", "updates", "target", "no_progress", "interrupted"

  static constexpr const char* kKind = "run_stopped";
  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("reason", self.reason);
  }
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
