#include "actors/strategy/fold/server_optimizer.hpp"

#include <cmath>
#include <stdexcept>
#include <utility>

namespace lorafleet::strategy {
namespace {

double checked_learning_rate(const AggregationConfig& config) {
  AggregationConfig::kServerLr.require("aggregation.server_lr", config.server_lr);
  return config.server_lr;
}

void check_names(const NamedVectors& state, const NamedVectors& own) {
  bool same = state.size() == own.size();
  for (std::size_t i = 0; same && i < own.size(); ++i)
    same = state[i].first == own[i].first;
  if (!same) throw std::invalid_argument("the state is not of this server optimiser");
}

class Sgd final : public ServerOptimizer {
 public:
  explicit Sgd(const AggregationConfig& config)
      : learning_rate_(checked_learning_rate(config)), momentum_(config.server_momentum) {
    AggregationConfig::kServerDecay.require("aggregation.server_momentum", momentum_);
  }

  std::vector<float> step(std::span<const float> current, std::span<const double> delta) override {
    if (momentum_ > 0.0) {
      velocity_.resize(delta.size(), 0.0);
      for (std::size_t i = 0; i < delta.size(); ++i)
        velocity_[i] = momentum_ * velocity_[i] + delta[i];
      delta = velocity_;
    }
    std::vector<float> next(current.size());
    for (std::size_t i = 0; i < next.size(); ++i) {
      next[i] = static_cast<float>(static_cast<double>(current[i]) + learning_rate_ * delta[i]);
    }
    return next;
  }

  [[nodiscard]] NamedVectors state() const override {
    if (momentum_ == 0.0) return {};
    return {{"velocity", velocity_}};
  }
  void restore(const NamedVectors& state) override {
    check_names(state, this->state());
    if (momentum_ > 0.0) velocity_ = state[0].second;
  }

 private:
  double learning_rate_;
  double momentum_;
  std::vector<double> velocity_;
};

enum class SecondMoment { adagrad, adam, yogi };

class Adaptive final : public ServerOptimizer {
 public:
  Adaptive(SecondMoment kind, const AggregationConfig& config)
      : kind_(kind),
        learning_rate_(checked_learning_rate(config)),
        beta1_(config.server_beta1),
        beta2_(config.server_beta2),
        tau_(config.server_tau) {
    AggregationConfig::kServerDecay.require("aggregation.server_beta1", beta1_);
    AggregationConfig::kServerDecay.require("aggregation.server_beta2", beta2_);
    AggregationConfig::kServerTau.require("aggregation.server_tau", tau_);
  }

  std::vector<float> step(std::span<const float> current, std::span<const double> delta) override {
    first_.resize(delta.size(), 0.0);
    second_.resize(delta.size(), tau_ * tau_);
    std::vector<float> next(current.size());
    for (std::size_t i = 0; i < next.size(); ++i) {
      first_[i] = beta1_ * first_[i] + (1.0 - beta1_) * delta[i];
      second_[i] = second_moment(second_[i], delta[i] * delta[i]);
      const double change = learning_rate_ * first_[i] / (std::sqrt(second_[i]) + tau_);
      next[i] = static_cast<float>(static_cast<double>(current[i]) + change);
    }
    return next;
  }

  [[nodiscard]] NamedVectors state() const override {
    return {{"first_moment", first_}, {"second_moment", second_}};
  }
  void restore(const NamedVectors& state) override {
    check_names(state, this->state());
    first_ = state[0].second;
    second_ = state[1].second;
  }

 private:
  [[nodiscard]] double second_moment(double v, double square) const {
    switch (kind_) {
      case SecondMoment::adagrad:
        return v + square;
      case SecondMoment::adam:
        return beta2_ * v + (1.0 - beta2_) * square;
      case SecondMoment::yogi:
        break;
    }
    const double sign = v > square ? 1.0 : v < square ? -1.0 : 0.0;
    return v - (1.0 - beta2_) * square * sign;
  }

  SecondMoment kind_;
  double learning_rate_;
  double beta1_;
  double beta2_;
  double tau_;
  std::vector<double> first_;
  std::vector<double> second_;
};

template <SecondMoment kind>
ServerOptimizerEntry adaptive(const char* name, std::vector<std::string> keys) {
  return {.name = name,
          .keys = std::move(keys),
          .make = [](const AggregationConfig& config) -> std::unique_ptr<ServerOptimizer> {
            return std::make_unique<Adaptive>(kind, config);
          }};
}

ServerOptimizerEntry sgd() {
  return {.name = "sgd",
          .keys = {"aggregation.server_momentum"},
          .is_plain = [](const AggregationConfig& config) { return config.server_momentum == 0.0; },
          .make = [](const AggregationConfig& config) -> std::unique_ptr<ServerOptimizer> {
            return std::make_unique<Sgd>(config);
          }};
}

}  // namespace

void ServerOptimizer::restore(const NamedVectors& state) {
  check_names(state, {});
}

const Registry<ServerOptimizerEntry>& server_optimizers() {
  static const std::vector<std::string> kFirst = {"aggregation.server_beta1",
                                                  "aggregation.server_tau"};
  static const std::vector<std::string> kBoth = {
      "aggregation.server_beta1", "aggregation.server_beta2", "aggregation.server_tau"};
  static const Registry<ServerOptimizerEntry> kRegistry(
      "aggregation.server_optimizer",
      {sgd(), adaptive<SecondMoment::adagrad>("adagrad", kFirst),
       adaptive<SecondMoment::adam>("adam", kBoth), adaptive<SecondMoment::yogi>("yogi", kBoth)});
  return kRegistry;
}

}  // namespace lorafleet::strategy
