#include "actors/strategy/modes/policy.hpp"
#include "actors/strategy/modes/staleness.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::strategy {
namespace {

/// FedAsync (arXiv 1903.03934, algorithm 1): keeps `concurrency` clients in flight; each update
/// makes a version,
///     w = (1 - a) w + a w_k,   a = alpha * s(tau),
/// with a computed anew for each update. (server_lr, 1 by default, scales the step a (w_k - w).)
class FedAsync final : public Policy {
 public:
  FedAsync(const ClientsConfig& clients, const AggregationConfig& config)
      : staleness_(config.staleness), alpha_(config.alpha) {
    ClientsConfig::kConcurrency.require("clients.concurrency", clients.concurrency);
    AggregationConfig::kAlpha.require("aggregation.alpha", alpha_);
    concurrency_ = static_cast<std::size_t>(clients.concurrency);
  }

  [[nodiscard]] std::size_t invitations(std::size_t in_flight) const override {
    return in_flight < concurrency_ ? concurrency_ - in_flight : 0;
  }
  [[nodiscard]] bool ready(std::size_t waiting) const override { return waiting >= 1; }
  [[nodiscard]] double raw_weight(const Contribution& update) const override {
    return alpha_ * staleness_(update.staleness);
  }
  [[nodiscard]] std::vector<double> weights(std::span<const Contribution> updates) const override {
    std::vector<double> weights;
    for (const auto& update : updates)
      weights.push_back(raw_weight(update));
    return weights;
  }
  [[nodiscard]] Anchor anchor() const override { return Anchor::current; }

 private:
  StalenessWeight staleness_;
  double alpha_;
  std::size_t concurrency_;
};

}  // namespace

/// Single updates are folded, so nothing that compares those of a fold has an effect.
Mode fedasync() {
  return {
      .name = "fedasync",
      .keys = {"clients.concurrency", "aggregation.alpha", "aggregation.staleness"},
      .averages = [](const ClientsConfig&) { return true; },
      .fold_size = [](const ClientsConfig&, const AggregationConfig&) -> std::int64_t { return 1; },
      .make = [](const ClientsConfig& clients, const AggregationConfig& config)
          -> std::unique_ptr<Policy> { return std::make_unique<FedAsync>(clients, config); }};
}

}  // namespace lorafleet::strategy
