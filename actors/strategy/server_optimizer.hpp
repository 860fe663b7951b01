#pragma once

#include <memory>
#include <span>
#include <vector>

#include "actors/strategy/config.hpp"
#include "actors/strategy/registry.hpp"

namespace lorafleet::strategy {

/// Takes the aggregate for a gradient step of the server (arXiv 2003.00295). May keep moments.
class ServerOptimizer {
 public:
  virtual ~ServerOptimizer() = default;
  /// The new values from `current` and the finite aggregate `delta`, both of one length. Non-finite
  /// results are the caller's to reject.
  virtual std::vector<float> step(std::span<const float> current,
                                  std::span<const double> delta) = 0;
};

/// [aggregation] server_optimizer.
///   sgd: w = w + server_lr * delta
const Registry<ServerOptimizer, AggregationConfig>& server_optimizers();

}  // namespace lorafleet::strategy
