#include "actors/strategy/server_optimizer.hpp"

#include <cmath>

namespace lorafleet::strategy {
namespace {

class Sgd final : public ServerOptimizer {
 public:
  explicit Sgd(const AggregationConfig& config) : learning_rate_(config.server_lr) {
    if (!(learning_rate_ > 0.0) || !std::isfinite(learning_rate_)) {
      throw InputError("aggregation.server_lr", "must be a number above 0");
    }
  }

  std::vector<float> step(std::span<const float> current, std::span<const double> delta) override {
    std::vector<float> next(current.size());
    for (std::size_t i = 0; i < next.size(); ++i) {
      next[i] = static_cast<float>(static_cast<double>(current[i]) + learning_rate_ * delta[i]);
    }
    return next;
  }

 private:
  double learning_rate_;
};

}  // namespace

const Registry<ServerOptimizer, AggregationConfig>& server_optimizers() {
  static const Registry<ServerOptimizer, AggregationConfig> registry(
      "aggregation.server_optimizer",
      {{"sgd", [](const AggregationConfig& config) { return std::make_unique<Sgd>(config); }}});
  return registry;
}

}  // namespace lorafleet::strategy
