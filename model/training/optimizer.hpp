#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/config.hpp"

namespace lorafleet::model {

/// Changes flat weights by flat gradients, as torch.optim does. Internal to model/.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// weights and gradients: the same length at each call. `lr` is that of this step.
  virtual void step(std::span<float> weights, std::span<const float> gradients, double lr) = 0;
};

/// `train.optimizer` by name: "adamw" (Loshchilov and Hutter, arXiv 1711.05101: decoupled weight
/// decay, bias correction) or "sgd" (with momentum; weight decay added to the gradient). Throws
/// InputError that lists the known names.
std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& train, std::size_t size);

/// The names that make_optimizer knows.
const std::vector<std::string>& optimizer_names();

/// Learning rate of step `step` (from 0) of `steps`, without warm-up, as Hugging Face's schedules:
/// "constant": lr; "linear": lr (1 - step / steps); "cosine": lr (1 + cos(pi step / steps)) / 2.
/// Throws InputError that lists the known names.
double scheduled_lr(const TrainConfig& train, std::size_t step, std::size_t steps);

/// The names that train.lr_schedule may have.
const std::vector<std::string>& lr_schedule_names();

/// Scales the gradients to the norm `max_norm` where theirs is larger; torch's clip_grad_norm_, so
/// by max_norm / (norm + 1e-6). Returns the norm before. max_norm 0 changes nothing.
double clip_by_norm(std::span<float> gradients, double max_norm);

/// FedProx (arXiv 1812.06127): gradients += mu * (weights - start).
void add_prox(std::span<float> gradients, std::span<const float> weights,
              std::span<const float> start, double mu);

}  // namespace lorafleet::model
