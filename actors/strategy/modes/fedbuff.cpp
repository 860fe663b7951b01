#include "actors/strategy/modes/policy.hpp"
#include "actors/strategy/modes/staleness.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::strategy {
namespace {

/// FedBuff (arXiv 2106.06639, algorithm 1): keeps `concurrency` clients in flight; at K =
/// buffer_size updates in the buffer
///     w = w + server_lr * sum_i p_i s(tau_i) (w_i - w_{trained from}),   p_i = n_i / sum_j n_j,
/// so p_i = 1/K, as in the paper, for uniform weighting. The p_i alone sum to 1: a buffer of stale
/// updates makes a smaller step.
class FedBuff final : public Policy {
 public:
  FedBuff(const ClientsConfig& clients, const AggregationConfig& config)
      : weighting_(config.weighting), staleness_(config.staleness) {
    ClientsConfig::kConcurrency.require("clients.concurrency", clients.concurrency);
    AggregationConfig::kBufferSize.require("aggregation.buffer_size", config.buffer_size);
    concurrency_ = static_cast<std::size_t>(clients.concurrency);
    buffer_size_ = static_cast<std::size_t>(config.buffer_size);
  }

  [[nodiscard]] std::size_t invitations(std::size_t in_flight) const override {
    return in_flight < concurrency_ ? concurrency_ - in_flight : 0;
  }
  [[nodiscard]] bool ready(std::size_t waiting) const override { return waiting >= buffer_size_; }
  [[nodiscard]] double raw_weight(const Contribution& update) const override {
    return weighting_.amount(update) * staleness_(update.staleness);
  }
  [[nodiscard]] std::vector<double> weights(std::span<const Contribution> updates) const override {
    auto weights = weighting_.normalised(updates);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      weights[i] *= staleness_(updates[i].staleness);
    }
    return weights;
  }
  [[nodiscard]] Anchor anchor() const override { return Anchor::trained_from; }

 private:
  Weighting weighting_;
  StalenessWeight staleness_;
  std::size_t concurrency_;
  std::size_t buffer_size_;
};

}  // namespace

Mode fedbuff() {
  return {.name = "fedbuff",
          .keys = {"clients.concurrency", "aggregation.buffer_size", "aggregation.weighting",
                   "aggregation.staleness", "aggregation.clip_to_median", "aggregation.robust"},
          .fold_size = [](const ClientsConfig&,
                          const AggregationConfig& config) { return config.buffer_size; },
          .make = [](const ClientsConfig& clients, const AggregationConfig& config)
              -> std::unique_ptr<Policy> { return std::make_unique<FedBuff>(clients, config); }};
}

}  // namespace lorafleet::strategy
