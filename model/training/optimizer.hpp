#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/config.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::model {

/// Changes flat weights by flat gradients, as torch.optim does. Internal to model/.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// weights and gradients: the same length at each call. `lr` is that of this step.
  virtual void step(std::span<float> weights, std::span<const float> gradients, double lr) = 0;
};

/// What an optimiser computes, here on flat weights, in tensor_optimizer.cpp on a device.
enum class OptimizerKind { adamw, sgd };

/// One of train.optimizer.
struct OptimizerEntry {
  std::string name;
  std::vector<std::string> keys = {};
  OptimizerKind kind{};
  /// For `size` weights.
  std::unique_ptr<Optimizer> (*make)(const TrainConfig& train, std::size_t size) = nullptr;
};

/// "adamw" (Loshchilov and Hutter, arXiv 1711.05101: decoupled weight decay, bias correction) and
/// "sgd" (with momentum; weight decay added to the gradient); tensor_optimizer.hpp has the same.
const Registry<OptimizerEntry>& optimizers();

/// The one that `train` names. Throws InputError for an unknown name.
std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& train, std::size_t size);

/// What is left of `lr` where the share `done` of a job's steps is done.
using LrSchedule = double (*)(double lr, double done);

/// train.lr_schedule, without warm-up, as Hugging Face's schedules: "constant": lr; "linear":
/// lr (1 - done); "cosine": lr (1 + cos(pi done)) / 2.
const NamedValues<LrSchedule>& lr_schedules();

/// Learning rate of step `step` (from 0) of `steps`. Throws InputError for an unknown schedule.
double scheduled_lr(const TrainConfig& train, std::size_t step, std::size_t steps);

/// Scales the gradients to the norm `max_norm` where theirs is larger; torch's clip_grad_norm_, so
/// by max_norm / (norm + 1e-6). Returns the norm before. max_norm 0 changes nothing.
double clip_by_norm(std::span<float> gradients, double max_norm);

/// FedProx (arXiv 1812.06127): gradients += mu * (weights - start).
void add_prox(std::span<float> gradients, std::span<const float> weights,
              std::span<const float> start, double mu);

}  // namespace lorafleet::model
