#include "model/training/optimizer.hpp"

#include <cmath>
#include <numbers>

#include "model/adapter/adapter.hpp"

namespace lorafleet::model {
namespace {

class AdamW final : public Optimizer {
 public:
  AdamW(const TrainConfig& train, std::size_t size)
      : train_(train), first_(size, 0.0f), second_(size, 0.0f) {}

  void step(std::span<float> weights, std::span<const float> gradients, double lr) override {
    ++steps_;
    const double correction1 = 1.0 - std::pow(train_.beta1, steps_);
    const double correction2 = std::sqrt(1.0 - std::pow(train_.beta2, steps_));
    const auto decay = static_cast<float>(1.0 - lr * train_.weight_decay);
    const auto step_size = static_cast<float>(lr / correction1);
    const auto beta1 = static_cast<float>(train_.beta1);
    const auto beta2 = static_cast<float>(train_.beta2);
    const auto rest1 = static_cast<float>(1.0 - train_.beta1);
    const auto rest2 = static_cast<float>(1.0 - train_.beta2);
    const auto epsilon = static_cast<float>(train_.epsilon);
    const auto root = static_cast<float>(correction2);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const float g = gradients[i];
      first_[i] = beta1 * first_[i] + rest1 * g;
      second_[i] = beta2 * second_[i] + rest2 * g * g;
      weights[i] =
          weights[i] * decay - step_size * (first_[i] / (std::sqrt(second_[i]) / root + epsilon));
    }
  }

 private:
  TrainConfig train_;
  std::vector<float> first_;
  std::vector<float> second_;
  int steps_ = 0;
};

class Sgd final : public Optimizer {
 public:
  Sgd(const TrainConfig& train, std::size_t size)
      : train_(train), momentum_(train.momentum != 0.0 ? size : 0, 0.0f) {}

  void step(std::span<float> weights, std::span<const float> gradients, double rate) override {
    const auto lr = static_cast<float>(rate);
    const auto decay = static_cast<float>(train_.weight_decay);
    const auto factor = static_cast<float>(train_.momentum);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      float change = gradients[i] + decay * weights[i];
      if (!momentum_.empty()) {
        change = momentum_[i] = factor * momentum_[i] + change;
      }
      weights[i] -= lr * change;
    }
  }

 private:
  TrainConfig train_;
  std::vector<float> momentum_;
};

template <typename Kind>
std::unique_ptr<Optimizer> made(const TrainConfig& train, std::size_t size) {
  return std::make_unique<Kind>(train, size);
}

}  // namespace

const Registry<OptimizerEntry>& optimizers() {
  static const Registry<OptimizerEntry> kRegistry(
      "train.optimizer",
      {{.name = "adamw",
        .keys = {"train.beta1", "train.beta2", "train.epsilon"},
        .kind = OptimizerKind::adamw,
        .make = made<AdamW>},
       {.name = "sgd", .keys = {"train.momentum"}, .kind = OptimizerKind::sgd, .make = made<Sgd>}});
  return kRegistry;
}

std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& train, std::size_t size) {
  return optimizers().make(train.optimizer, train, size);
}

const NamedValues<LrSchedule>& lr_schedules() {
  static const NamedValues<LrSchedule> kRegistry(
      "train.lr_schedule", {{"constant", [](double lr, double) { return lr; }},
                            {"linear", [](double lr, double done) { return lr * (1.0 - done); }},
                            {"cosine", [](double lr, double done) {
                               return lr * 0.5 * (1.0 + std::cos(std::numbers::pi * done));
                             }}});
  return kRegistry;
}

double scheduled_lr(const TrainConfig& train, std::size_t step, std::size_t steps) {
  const double done = static_cast<double>(step) / static_cast<double>(steps);
  return lr_schedules().at(train.lr_schedule).value(train.lr, done);
}

double clip_by_norm(std::span<float> gradients, double max_norm) {
  const double norm = l2_norm(gradients);
  const double factor = max_norm / (norm + 1e-6);
  if (max_norm > 0.0 && factor < 1.0) {
    for (float& value : gradients) {
      value *= static_cast<float>(factor);
    }
  }
  return norm;
}

void add_prox(std::span<float> gradients, std::span<const float> weights,
              std::span<const float> start, double mu) {
  const auto factor = static_cast<float>(mu);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    gradients[i] += factor * (weights[i] - start[i]);
  }
}

}  // namespace lorafleet::model
