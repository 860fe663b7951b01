#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/coordinator/run_totals.hpp"

namespace lorafleet::actors {

/// What a slot of this process has trained since the start.
struct SlotWork {
  std::int64_t jobs = 0;
  std::int64_t tokens = 0;

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("jobs", self.jobs);
    visit("tokens", self.tokens);
  }
};

/// A glance at a run, given at each new version and score, and now and then at an arrival.
struct Progress {
  std::string run;  ///< its name
  RunTotals totals;
  std::int64_t stop_versions = 0;  ///< of [stop]; 0: none
  double train_loss = 0.0;         ///< mean over the updates of the latest version
  std::vector<double> losses;      ///< of the versions so far, see History
  std::optional<std::uint64_t> evaluated_version;
  double perplexity = 0.0;              ///< of `evaluated_version`
  std::optional<double> accuracy;       ///< the same of a classifier, shown in its place
  std::vector<double> perplexities;     ///< of the scored versions, see History
  std::vector<double> accuracies;       ///< the same of a classifier, in their place
  double staleness = 0.0;               ///< mean over the updates of the latest version
  std::uint64_t largest_staleness = 0;  ///< of all updates so far
  double wall_seconds = 0.0;            ///< since the start, or since the run was resumed
  double tokens_per_second = 0.0;       ///< trained in that time
  std::vector<SlotWork> slots;          ///< of this process; empty where nothing trains
  double done = 0.0;                    ///< 0 to 1, by the nearest stop condition
  std::optional<double> seconds_left;   ///< real time, as things go; nothing where it is too early
  bool milestone = true;                ///< a new version or score, not just an arrival

  [[nodiscard]] std::int64_t jobs_in_flight() const {
    return totals.jobs - totals.updates_received - totals.jobs_lost - totals.jobs_in_flight_at_end;
  }

  /// As it stands in progress.json; the totals are a part of their own.
  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("totals", self.totals);
    visit("stop_versions", self.stop_versions);
    visit("train_loss", self.train_loss);
    visit("losses", self.losses);
    visit("evaluated_version", self.evaluated_version);
    visit("perplexity", self.perplexity);
    visit("accuracy", self.accuracy);
    visit("perplexities", self.perplexities);
    visit("accuracies", self.accuracies);
    visit("staleness", self.staleness);
    visit("largest_staleness", self.largest_staleness);
    visit("wall_seconds", self.wall_seconds);
    visit("tokens_per_second", self.tokens_per_second);
    visit("slots", self.slots);
    visit("done", self.done);
    visit("seconds_left", self.seconds_left);
  }
};

/// "version 3 at 120.5 s, 30 updates, train loss 2.1, perplexity 9.5 at version 2"
std::string text_of(const Progress& progress);

}  // namespace lorafleet::actors
