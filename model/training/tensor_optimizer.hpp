#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "model/config.hpp"

namespace lorafleet::model {

/// An Optimizer (optimizer.hpp) whose weights are a flat float32 tensor on any device. Internal to
/// model/.
class TensorOptimizer {
 public:
  virtual ~TensorOptimizer() = default;
  /// gradients are used up.
  virtual void step(const at::Tensor& weights, const at::Tensor& gradients, double lr) = 0;
};

/// The one that `train` names, of the names in `optimizers`. Throws InputError for an unknown name.
std::unique_ptr<TensorOptimizer> make_tensor_optimizer(const TrainConfig& train,
                                                       const at::Tensor& weights);

}  // namespace lorafleet::model
