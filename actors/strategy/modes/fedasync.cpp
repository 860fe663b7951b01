#include "actors/strategy/modes/modes.hpp"
#include "actors/strategy/modes/staleness.hpp"

namespace lorafleet::strategy {
namespace {

class FedAsync final : public Policy {
 public:
  FedAsync(const ClientsConfig& clients, const AggregationConfig& config)
      : staleness_(config.staleness), alpha_(config.alpha) {
    if (clients.concurrency < 1) throw InputError("clients.concurrency", "must be at least 1");
    if (!(alpha_ > 0.0) || !(alpha_ <= 1.0)) {
      throw InputError("aggregation.alpha", "must be above 0 and at most 1");
    }
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

std::unique_ptr<Policy> make_fedasync(const ClientsConfig& clients,
                                      const AggregationConfig& config) {
  return std::make_unique<FedAsync>(clients, config);
}

}  // namespace lorafleet::strategy
