#include <numeric>

#include "actors/strategy/modes/modes.hpp"

namespace lorafleet::strategy {
namespace {

class Tiered final : public Policy {
 public:
  Tiered(const ClientsConfig& clients, const AggregationConfig& config)
      : rounds_(make_sync(clients, config)) {
    if (config.tiers < 1 || config.tiers > kMostTiers) {
      throw InputError("aggregation.tiers", "must be between 1 and " + std::to_string(kMostTiers));
    }
    if (clients.late != "drop") {
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
  static constexpr std::int64_t kMostTiers = 1000;
  std::unique_ptr<Policy> rounds_;
  std::size_t tiers_;
};

}  // namespace

std::unique_ptr<Policy> make_tiered(const ClientsConfig& clients, const AggregationConfig& config) {
  return std::make_unique<Tiered>(clients, config);
}

}  // namespace lorafleet::strategy
