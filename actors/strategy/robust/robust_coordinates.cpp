#include <algorithm>
#include <cmath>
#include <numeric>

#include "actors/strategy/robust/changes.hpp"
#include "actors/strategy/robust/robust.hpp"

namespace lorafleet::strategy {
namespace {

/// Rules that replace the items by one, coordinate by coordinate.
class CoordinateRule : public RobustRule {
 public:
  void apply(RobustOutcome& outcome) const final {
    const auto& items = outcome.items;
    auto adapter = std::make_shared<model::Adapter>(*items.front().anchor);
    std::vector<double> changes(items.size());
    for (std::size_t i = 0; i < adapter->values.size(); ++i) {
      for (std::size_t k = 0; k < items.size(); ++k)
        changes[k] = change(items[k], i);
      adapter->values[i] =
          static_cast<float>(static_cast<double>(adapter->values[i]) + middle(changes));
    }
    FoldItem item = items.front();
    item.adapter = std::move(adapter);
    item.weight = std::accumulate(items.begin(), items.end(), 0.0,
                                  [](double sum, const auto& one) { return sum + one.weight; });
    outcome.items = {std::move(item)};
  }

 private:
  /// May change the order.
  virtual double middle(std::vector<double>& changes) const = 0;
};

class CoordinateMedian final : public CoordinateRule {
  double middle(std::vector<double>& changes) const override { return median(changes); }
};

class TrimmedMean final : public CoordinateRule {
 public:
  explicit TrimmedMean(double trim) : trim_(trim) {
    AggregationConfig::kTrim.require("aggregation.trim", trim);
  }

 private:
  double middle(std::vector<double>& changes) const override {
    const auto n = changes.size();
    // 0.3 * 10 is a little less than 3.
    const auto cut = static_cast<std::size_t>(trim_ * static_cast<double>(n) * (1.0 + 1e-12));
    std::sort(changes.begin(), changes.end());
    double sum = 0.0;
    for (std::size_t i = cut; i < n - cut; ++i)
      sum += changes[i];
    return sum / static_cast<double>(n - 2 * cut);
  }

  double trim_;
};

}  // namespace

RobustRuleEntry coordinate_median() {
  return {.name = "median", .make = [](const AggregationConfig&) -> std::unique_ptr<RobustRule> {
            return std::make_unique<CoordinateMedian>();
          }};
}

RobustRuleEntry trimmed_mean() {
  return {.name = "trimmed_mean",
          .keys = {"aggregation.trim"},
          .make = [](const AggregationConfig& config) -> std::unique_ptr<RobustRule> {
            return std::make_unique<TrimmedMean>(config.trim);
          }};
}

}  // namespace lorafleet::strategy
