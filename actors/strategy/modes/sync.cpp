#include <algorithm>
#include <cmath>
#include <tuple>

#include "actors/strategy/modes/rounds.hpp"
#include "actors/strategy/modes/staleness.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::strategy {
namespace {

constexpr const char* kCarryOver = "carry_over";
constexpr double kLongestDeadlineSeconds = 1e9;

bool carries_over(const ClientsConfig& clients) {
  return clients.late == kCarryOver;
}

/// Synchronous rounds (FedAvg, arXiv 1602.05629): invites ceil(per_round * overcommit) clients, at
/// most all, and
///     w = w + server_lr * (sum_k p_k w_k - w),   p_k = n_k / sum_j n_j over the round's updates.
/// The first per_round updates in the order (arrival, client, seq) that come by the deadline count.
/// The round ends with the last of them; when fewer come, at the deadline, or without one when the
/// last job has arrived or is known to be lost. With fewer than min_updates it fails.
///
/// With late = "carry_over" surplus and late updates stay in flight and are folded with the round
/// in which they arrive (as SAFA does, arXiv 1910.01355, with FedBuff's differences): then
///     w = w + server_lr * sum_k p_k (w_k - w_{trained from}),   p_k = n_k s(tau_k) / sum_j n_j
///     s(tau_j).
/// They do not help a round to its min_updates, and outlive one that fails.
class Sync final : public Policy {
 public:
  Sync(const ClientsConfig& clients, const AggregationConfig& config)
      : weighting_(config.weighting), staleness_(config.staleness) {
    const auto known = late_names();
    if (std::find(known.begin(), known.end(), clients.late) == known.end()) {
      throw InputError("clients.late",
                       "\"" + clients.late + "\" is not known; known: " + join(known));
    }
    carries_over_ = carries_over(clients);
    ClientsConfig::kPerRound.require("clients.per_round", clients.per_round);
    ClientsConfig::kOvercommit.require("clients.overcommit", clients.overcommit);
    ClientsConfig::kDeadlineSeconds.require("clients.deadline_seconds", clients.deadline_seconds);
    if (clients.min_updates < 1 || clients.min_updates > clients.per_round) {
      throw InputError("clients.min_updates", "must be between 1 and per_round (" +
                                                  std::to_string(clients.per_round) + ")");
    }
    per_round_ = static_cast<std::size_t>(clients.per_round);
    min_updates_ = static_cast<std::size_t>(clients.min_updates);
    // 10 * 1.1 is a little more than 11.
    invited_ = static_cast<std::size_t>(
        std::ceil(static_cast<double>(per_round_) * clients.overcommit * (1.0 - 1e-12)));
    if (clients.deadline_seconds > 0.0) {
      deadline_ = sim::VirtualDuration::from_seconds(
          std::min(clients.deadline_seconds, kLongestDeadlineSeconds));
    }
  }

  [[nodiscard]] std::size_t least_clients() const override { return min_updates_; }
  [[nodiscard]] std::size_t invitations(std::size_t in_flight) const override {
    return in_flight == 0 ? invited_ : 0;
  }

  [[nodiscard]] std::optional<RoundPlan> plan(sim::VirtualTime now,
                                              std::span<const PlannedJob> jobs) const override {
    std::vector<std::size_t> in_time;
    sim::VirtualTime last = now;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      last = std::max(last, jobs[i].end);
      if (!jobs[i].lost && (!deadline_ || jobs[i].end <= now + *deadline_)) in_time.push_back(i);
    }
    std::sort(in_time.begin(), in_time.end(), [&](std::size_t a, std::size_t b) {
      return std::tie(jobs[a].end, jobs[a].id) < std::tie(jobs[b].end, jobs[b].id);
    });

    RoundPlan round;
    round.min_updates = min_updates_;
    const std::size_t wanted = std::min(per_round_, jobs.size());
    if (in_time.size() >= wanted) {
      in_time.resize(wanted);
      round.end = jobs[in_time.back()].end;
      round.fates.assign(jobs.size(), Fate::surplus);
    } else {
      round.end = deadline_ ? now + *deadline_ : last;
      round.fates.assign(jobs.size(), Fate::late);
    }
    const Fate fate = in_time.size() >= min_updates_ ? Fate::counts : Fate::futile;
    if (carries_over_) round.fates.assign(jobs.size(), Fate::carried);
    for (const std::size_t i : in_time)
      round.fates[i] = fate;
    return round;
  }

  [[nodiscard]] double raw_weight(const Contribution& update) const override {
    return weighting_.amount(update) * (carries_over_ ? staleness_(update.staleness) : 1.0);
  }
  [[nodiscard]] std::vector<double> weights(std::span<const Contribution> updates) const override {
    auto weights = weighting_.normalised(updates);
    if (!carries_over_) return weights;
    double sum = 0.0;
    for (std::size_t i = 0; i < weights.size(); ++i)
      sum += weights[i] *= staleness_(updates[i].staleness);
    for (double& weight : weights)
      weight /= sum;
    return weights;
  }
  [[nodiscard]] Anchor anchor() const override { return Anchor::trained_from; }

 private:
  Weighting weighting_;
  StalenessWeight staleness_;
  bool carries_over_ = false;
  std::size_t per_round_;
  std::size_t invited_;
  std::size_t min_updates_;
  std::optional<sim::VirtualDuration> deadline_;
};

}  // namespace

std::vector<std::string> late_names() {
  return {"drop", kCarryOver};
}

Mode sync() {
  return {.name = "sync",
          .keys = {"clients.per_round", "clients.overcommit", "clients.deadline_seconds",
                   "clients.min_updates", "clients.late", "aggregation.weighting",
                   "aggregation.staleness", "aggregation.clip_to_median", "aggregation.robust"},
          .has_rounds = true,
          .averages = [](const ClientsConfig& clients) { return !carries_over(clients); },
          .may_be_stale = carries_over,
          .fold_size = [](const ClientsConfig& clients,
                          const AggregationConfig&) { return clients.per_round; },
          .make = make_rounds};
}

std::unique_ptr<Policy> make_rounds(const ClientsConfig& clients, const AggregationConfig& config) {
  return std::make_unique<Sync>(clients, config);
}

}  // namespace lorafleet::strategy
