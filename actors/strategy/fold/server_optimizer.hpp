#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "actors/strategy/config.hpp"
#include "actors/strategy/state.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::strategy {

/// Takes the aggregate for a gradient step of the server (arXiv 2003.00295). May keep moments.
class ServerOptimizer {
 public:
  virtual ~ServerOptimizer() = default;
  /// The new values from `current` and the finite aggregate `delta`, both of one length. Non-finite
  /// results are the caller's to reject; it restores the state of before the step.
  virtual std::vector<float> step(std::span<const float> current,
                                  std::span<const double> delta) = 0;
  /// The moments; each is empty before the first step. Nothing for an optimiser without any.
  [[nodiscard]] virtual NamedVectors state() const { return {}; }
  /// Takes back what `state` of an optimiser with the same config gave. Throws
  /// std::invalid_argument for other names.
  virtual void restore(const NamedVectors& state);
};

/// What is known of a server optimiser without making it.
struct ServerOptimizerEntry {
  std::string name;
  std::vector<std::string> keys = {};
  /// Whether a step is the aggregate times server_lr and nothing is remembered.
  bool (*is_plain)(const AggregationConfig&) = [](const AggregationConfig&) { return false; };
  /// Throws InputError for options out of range.
  std::unique_ptr<ServerOptimizer> (*make)(const AggregationConfig&) = nullptr;
};

/// [aggregation] server_optimizer; d is the aggregate, all operations by element.
///   sgd:     v = server_momentum v + d,  w = w + server_lr v, v = 0 at first (FedAvgM,
///            arXiv 1909.06335, section 4.3); without momentum w = w + server_lr d.
///   adagrad: v = v + d^2                               (these three: arXiv 2003.00295, algorithm
///   adam:    v = beta2 v + (1 - beta2) d^2              2; m = beta1 m + (1 - beta1) d,
///   yogi:    v = v - (1 - beta2) d^2 sign(v - d^2)      w = w + server_lr m / (sqrt(v) + tau),
///            m = 0 and v = tau^2 at first, the least v that the paper allows; no bias correction,
///            as in the paper.)
const Registry<ServerOptimizerEntry>& server_optimizers();

}  // namespace lorafleet::strategy
