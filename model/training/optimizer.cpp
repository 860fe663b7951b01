#include "model/training/optimizer.hpp"

#include <cmath>
#include <functional>
#include <numbers>
#include <utility>

#include "model/adapter/adapter.hpp"
#include "partition/support/error.hpp"

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

using Maker = std::function<std::unique_ptr<Optimizer>(const TrainConfig&, std::size_t)>;

const std::vector<std::pair<std::string, Maker>>& makers() {
  static const std::vector<std::pair<std::string, Maker>> list = {
      {"adamw", [](const TrainConfig& t, std::size_t n) { return std::make_unique<AdamW>(t, n); }},
      {"sgd", [](const TrainConfig& t, std::size_t n) { return std::make_unique<Sgd>(t, n); }},
  };
  return list;
}

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& train, std::size_t size) {
  for (const auto& [name, make] : makers()) {
    if (name == train.optimizer) return make(train, size);
  }
  const std::string nearest = nearest_name(train.optimizer, optimizer_names());
  throw InputError("train.optimizer",
                   "unknown optimizer \"" + train.optimizer + "\"" +
                       (nearest.empty() ? "" : " (did you mean \"" + nearest + "\"?)") +
                       "; known are " + join(optimizer_names()));
}

const std::vector<std::string>& optimizer_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& entry : makers()) {
      all.push_back(entry.first);
    }
    return all;
  }();
  return names;
}

const std::vector<std::string>& lr_schedule_names() {
  static const std::vector<std::string> names = {"constant", "linear", "cosine"};
  return names;
}

double scheduled_lr(const TrainConfig& train, std::size_t step, std::size_t steps) {
  const double done = static_cast<double>(step) / static_cast<double>(steps);
  if (train.lr_schedule == "constant") return train.lr;
  if (train.lr_schedule == "linear") return train.lr * (1.0 - done);
  if (train.lr_schedule == "cosine") {
    return train.lr * 0.5 * (1.0 + std::cos(std::numbers::pi * done));
  }
  throw InputError("train.lr_schedule", "\"" + train.lr_schedule + "\" is not known; allowed: " +
                                            join(lr_schedule_names()));
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
