#include "actors/strategy/robust/krum.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "actors/strategy/robust/changes.hpp"
#include "actors/strategy/robust/robust.hpp"

namespace lorafleet::strategy {
namespace {

double squared_distance(const FoldItem& a, const FoldItem& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.adapter->values.size(); ++i) {
    const double d = change(a, i) - change(b, i);
    sum += d * d;
  }
  return sum;
}

double sum_of_weights(std::span<const FoldItem> items) {
  return std::accumulate(items.begin(), items.end(), 0.0,
                         [](double sum, const auto& item) { return sum + item.weight; });
}

class Krum final : public RobustRule {
 public:
  /// `keeps_one`: Krum itself; else multi-Krum with `keep` items, 0 for all but f.
  Krum(double byzantine, bool keeps_one, std::int64_t keep)
      : byzantine_(byzantine), keeps_one_(keeps_one), keep_(keep) {
    const bool is_part = byzantine >= 1.0 && byzantine != std::floor(byzantine);
    if (!AggregationConfig::kByzantine.allow(byzantine) || is_part) {
      throw InputError("aggregation.byzantine",
                       "must be a share below 1, or a whole number of at most 1e6");
    }
    AggregationConfig::kKrumKeep.require("aggregation.krum_keep", keep);
  }

  void apply(RobustOutcome& outcome) const override {
    const std::size_t n = outcome.items.size();
    const std::size_t wanted = wanted_byzantine(byzantine_, n);
    const std::size_t f = std::min(wanted, most_byzantine(n));
    outcome.weakened = f < wanted || n < 3;
    if (n < 3) return;

    const auto scores = krum_scores(outcome.items, f);
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
    const std::size_t kept = keeps_one_ ? 1 : keep_ == 0 ? n - f : std::min(n, wanted_keep());
    outcome.rejected.assign(order.begin() + static_cast<std::ptrdiff_t>(kept), order.end());
    std::sort(outcome.rejected.begin(), outcome.rejected.end());
    remove_rejected(outcome);
  }

 private:
  [[nodiscard]] std::size_t wanted_keep() const { return static_cast<std::size_t>(keep_); }

  static void remove_rejected(RobustOutcome& outcome) {
    const double before = sum_of_weights(outcome.items);
    std::vector<FoldItem> kept;
    for (std::size_t i = 0; i < outcome.items.size(); ++i) {
      if (!std::binary_search(outcome.rejected.begin(), outcome.rejected.end(), i)) {
        kept.push_back(std::move(outcome.items[i]));
      }
    }
    const double after = sum_of_weights(kept);
    for (auto& item : kept) {
      item.weight =
          after > 0.0 ? item.weight * (before / after) : before / static_cast<double>(kept.size());
    }
    outcome.items = std::move(kept);
  }

  double byzantine_;
  bool keeps_one_;
  std::int64_t keep_;
};

}  // namespace

std::size_t wanted_byzantine(double byzantine, std::size_t n) {
  if (byzantine >= 1.0) return static_cast<std::size_t>(byzantine);
  // 0.3 * 10 is a little less than 3.
  return static_cast<std::size_t>(byzantine * static_cast<double>(n) * (1.0 + 1e-12));
}

std::size_t most_byzantine(std::size_t n) {
  return n < 3 ? 0 : (n - 3) / 2;
}

std::vector<double> krum_scores(std::span<const FoldItem> items, std::size_t f) {
  const std::size_t n = items.size();
  std::vector<std::vector<double>> distances(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      const double distance = squared_distance(items[i], items[j]);
      distances[i].push_back(distance);
      distances[j].push_back(distance);
    }
  }
  std::vector<double> scores;
  for (auto& own : distances) {
    std::sort(own.begin(), own.end());
    scores.push_back(
        std::accumulate(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(n - f - 2), 0.0));
  }
  return scores;
}

RobustRuleEntry krum() {
  return {.name = "krum",
          .keys = {"aggregation.byzantine"},
          .make = [](const AggregationConfig& config) -> std::unique_ptr<RobustRule> {
            return std::make_unique<Krum>(config.byzantine, true, config.krum_keep);
          }};
}

RobustRuleEntry multi_krum() {
  return {.name = "multi_krum",
          .keys = {"aggregation.byzantine", "aggregation.krum_keep"},
          .make = [](const AggregationConfig& config) -> std::unique_ptr<RobustRule> {
            return std::make_unique<Krum>(config.byzantine, false, config.krum_keep);
          }};
}

}  // namespace lorafleet::strategy
