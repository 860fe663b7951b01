#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "actors/sim/ids.hpp"
#include "actors/sim/time/virtual_time.hpp"
#include "actors/strategy/config.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::strategy {

/// A job that is about to be handed out, with its future, which the simulation knows.
struct PlannedJob {
  sim::JobId id;
  sim::VirtualTime end;  ///< arrival, or the moment of the loss
  bool lost = false;
};

/// What becomes of a job of a round, if it is not lost before the round ends.
enum class Fate {
  counts,   ///< its update is folded
  surplus,  ///< enough others came first
  late,     ///< not there at the deadline
  futile,   ///< there in time, but the round is known to fail
  carried,  ///< surplus or late, and folded with the round in which it arrives
};

/// A round whose end is known as soon as its cohort is. Only jobs that count are trained.
struct RoundPlan {
  sim::VirtualTime end;         ///< arrivals at this very time still belong to the round
  std::vector<Fate> fates;      ///< of each job, in the order given
  std::size_t min_updates = 1;  ///< with fewer finite ones the round fails
};

/// An update that waits to be folded, as far as its weight depends on it.
struct Contribution {
  std::int64_t examples = 0;
  std::int64_t tokens = 0;
  std::uint64_t staleness = 0;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("examples", self.examples);
    visit("tokens", self.tokens);
    visit("staleness", self.staleness);
  }
};

/// From which adapter the change that an update brings is measured.
enum class Anchor { current, trained_from };

/// When to aggregate, whom to invite and what each update weighs: [aggregation] mode. Stateless;
/// the coordinator keeps the clock, the jobs and the buffer. A mode works in rounds (`plan` gives
/// each cohort's end) or folds at arrivals (`ready`).
class Policy {
 public:
  virtual ~Policy() = default;

  /// The mode can make no version with fewer clients than these.
  [[nodiscard]] virtual std::size_t least_clients() const { return 1; }
  /// How many lanes there are: groups of clients, equal in number and alike in speed, each of which
  /// works at its own pace.
  [[nodiscard]] virtual std::size_t lanes() const { return 1; }
  /// What the latest update of each lane weighs in a version, from the number of versions that each
  /// has made. Empty: only the lane that makes the version counts.
  [[nodiscard]] virtual std::vector<double> lane_weights(
      std::span<const std::uint64_t> /*versions*/) const {
    return {};
  }
  /// How many clients of a lane to invite while `in_flight` of its jobs (without those that are
  /// carried over) are on their way.
  [[nodiscard]] virtual std::size_t invitations(std::size_t in_flight) const = 0;
  /// For modes with rounds: the round of the cohort that is handed out at `now`.
  [[nodiscard]] virtual std::optional<RoundPlan> plan(sim::VirtualTime now,
                                                      std::span<const PlannedJob> jobs) const;
  /// For modes without rounds: to be folded now, with `waiting` updates in the buffer?
  [[nodiscard]] virtual bool ready(std::size_t waiting) const;
  /// Before normalisation, for the event log.
  [[nodiscard]] virtual double raw_weight(const Contribution& update) const = 0;
  /// FoldItem::weight of each update of a fold.
  [[nodiscard]] virtual std::vector<double> weights(
      std::span<const Contribution> updates) const = 0;
  [[nodiscard]] virtual Anchor anchor() const = 0;
};

/// What is known of a mode without making its policy: true of values, too, that this would refuse.
struct Mode {
  std::string name;
  std::vector<std::string> keys = {};
  /// Works with one cohort of clients.per_round after the other; else clients.concurrency of them
  /// are always in flight.
  bool has_rounds = false;
  /// Has a lane for each of aggregation.tiers; else one for all clients.
  bool has_tiers = false;
  /// Whether a version averages whole adapters, of which none was trained from an earlier version
  /// than the others: rules that need that are sound.
  bool (*averages)(const ClientsConfig&) = [](const ClientsConfig&) { return false; };
  /// Whether updates can be folded that were trained from an earlier version.
  bool (*may_be_stale)(const ClientsConfig&) = [](const ClientsConfig&) { return true; };
  /// The updates of a full fold.
  std::int64_t (*fold_size)(const ClientsConfig&, const AggregationConfig&) = nullptr;
  /// Throws InputError for options out of range.
  std::unique_ptr<Policy> (*make)(const ClientsConfig&, const AggregationConfig&) = nullptr;
};

/// [aggregation] mode; the formulas stand in the file of each.
const Registry<Mode>& modes();

bool may_be_stale(const ClientsConfig& clients, const AggregationConfig& config);
/// Whether updates can be stale, and [aggregation] staleness says what they weigh.
bool weighs_staleness(const ClientsConfig& clients, const AggregationConfig& config);

/// [aggregation] weighting.
std::vector<std::string> weighting_names();

/// n_k of [aggregation] weighting: examples, tokens, or 1 (uniform).
class Weighting {
 public:
  /// Throws InputError for another name.
  explicit Weighting(const std::string& name);

  [[nodiscard]] double amount(const Contribution& update) const;
  /// n_k / sum_j n_j; 1 / K each where all n are 0.
  [[nodiscard]] std::vector<double> normalised(std::span<const Contribution> updates) const;

 private:
  enum class Kind { examples, tokens, uniform };  // in the order of the names
  Kind kind_;
};

}  // namespace lorafleet::strategy
