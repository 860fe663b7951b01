#include <numeric>

#include "actors/strategy/modes/rounds.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::strategy {
namespace {

/// FedAT (arXiv 2010.05958): clients are ranked by the expected time of their jobs and cut into
/// `tiers` groups of equal size. Each works in rounds as sync does, at its own pace; with q_mk
/// the normalised weights within tier m's latest round, each of its rounds makes the version
///     w = w + server_lr * (sum_m p_m sum_k q_mk w_mk - w),   p_m = T_{M+1-m} / sum_j T_j,
/// where T_m counts the versions of tier m (tier 1 is the fastest) from 1 on: the paper counts from
/// 0, so that the first tier's updates would at first weigh nothing. A tier that has made no
/// version counts as the initial adapter.
class Tiered final : public Policy {
 public:
  Tiered(const ClientsConfig& clients, const AggregationConfig& config)
      : rounds_(make_rounds(clients, config)) {
    AggregationConfig::kTiers.require("aggregation.tiers", config.tiers);
    if (sync().may_be_stale(clients)) {
      throw InputError("clients.late", "a tier drops what is late; allowed: drop");
    }
    tiers_ = static_cast<std::size_t>(config.tiers);
  }

  [[nodiscard]] std::size_t least_clients() const override { return rounds_->least_clients(); }
  [[nodiscard]] std::size_t lanes() const override { return tiers_; }
  [[nodiscard]] std::vector<double> lane_weights(
      std::span<const std::uint64_t> versions) const override {
    std::vector<double> weights;
    for (std::size_t m = versions.size(); m > 0; --m)
      weights.push_back(static_cast<double>(versions[m - 1]) + 1.0);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (double& weight : weights)
      weight /= sum;
    return weights;
  }
  [[nodiscard]] std::size_t invitations(std::size_t in_flight) const override {
    return rounds_->invitations(in_flight);
  }
  [[nodiscard]] std::optional<RoundPlan> plan(sim::VirtualTime now,
                                              std::span<const PlannedJob> jobs) const override {
    return rounds_->plan(now, jobs);
  }
  [[nodiscard]] double raw_weight(const Contribution& update) const override {
    return rounds_->raw_weight(update);
  }
  [[nodiscard]] std::vector<double> weights(std::span<const Contribution> updates) const override {
    return rounds_->weights(updates);
  }
  [[nodiscard]] Anchor anchor() const override { return Anchor::current; }

 private:
  std::unique_ptr<Policy> rounds_;
  std::size_t tiers_;
};

}  // namespace

Mode tiered() {
  return {.name = "tiered",
          .keys = {"clients.per_round", "clients.overcommit", "clients.deadline_seconds",
                   "clients.min_updates", "aggregation.tiers", "aggregation.weighting",
                   "aggregation.clip_to_median", "aggregation.robust"},
          .has_rounds = true,
          .has_tiers = true,
          .fold_size = [](const ClientsConfig& clients,
                          const AggregationConfig&) { return clients.per_round; },
          .make = [](const ClientsConfig& clients, const AggregationConfig& config)
              -> std::unique_ptr<Policy> { return std::make_unique<Tiered>(clients, config); }};
}

}  // namespace lorafleet::strategy
