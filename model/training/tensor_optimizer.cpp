#include "model/training/tensor_optimizer.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "model/training/optimizer.hpp"

namespace lorafleet::model {
namespace {

class TensorAdamW final : public TensorOptimizer {
 public:
  TensorAdamW(const TrainConfig& train, const at::Tensor& weights)
      : train_(train), first_(at::zeros_like(weights)), second_(at::zeros_like(weights)) {}

  void step(const at::Tensor& weights, const at::Tensor& gradients, double lr) override {
    ++steps_;
    const double correction1 = 1.0 - std::pow(train_.beta1, steps_);
    const double correction2 = std::sqrt(1.0 - std::pow(train_.beta2, steps_));
    first_.mul_(train_.beta1).add_(gradients, 1.0 - train_.beta1);
    second_.mul_(train_.beta2).addcmul_(gradients, gradients, 1.0 - train_.beta2);
    const at::Tensor size = second_.sqrt().div_(correction2).add_(train_.epsilon);
    weights.mul_(1.0 - lr * train_.weight_decay).addcdiv_(first_, size, -lr / correction1);
  }

 private:
  TrainConfig train_;
  at::Tensor first_;
  at::Tensor second_;
  int steps_ = 0;
};

class TensorSgd final : public TensorOptimizer {
 public:
  TensorSgd(const TrainConfig& train, const at::Tensor& weights) : train_(train) {
    if (train.momentum != 0.0) momentum_ = at::zeros_like(weights);
  }

  void step(const at::Tensor& weights, const at::Tensor& gradients, double lr) override {
    gradients.add_(weights, train_.weight_decay);
    if (momentum_.defined()) momentum_.mul_(train_.momentum).add_(gradients);
    weights.add_(momentum_.defined() ? momentum_ : gradients, -lr);
  }

 private:
  TrainConfig train_;
  at::Tensor momentum_;
};

}  // namespace

std::unique_ptr<TensorOptimizer> make_tensor_optimizer(const TrainConfig& train,
                                                       const at::Tensor& weights) {
  switch (optimizers().at(train.optimizer).kind) {
    case OptimizerKind::adamw:
      return std::make_unique<TensorAdamW>(train, weights);
    case OptimizerKind::sgd:
      break;
  }
  return std::make_unique<TensorSgd>(train, weights);
}

}  // namespace lorafleet::model
