#include "actors/strategy/robust/robust.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "actors/strategy/robust/changes.hpp"

namespace lorafleet::strategy {
namespace {

double norm_of_change(const FoldItem& item) {
  double sum = 0.0;
  for (std::size_t i = 0; i < item.adapter->values.size(); ++i) {
    const double d = change(item, i);
    sum += d * d;
  }
  return std::sqrt(sum);
}

model::AdapterPtr scaled(const FoldItem& item, double factor) {
  auto adapter = std::make_shared<model::Adapter>(*item.adapter);
  for (std::size_t i = 0; i < adapter->values.size(); ++i) {
    adapter->values[i] =
        static_cast<float>(static_cast<double>(item.anchor->values[i]) + factor * change(item, i));
  }
  return adapter;
}

}  // namespace

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(values.begin(), middle));
}

RobustRuleEntry coordinate_median();
RobustRuleEntry trimmed_mean();
RobustRuleEntry krum();
RobustRuleEntry multi_krum();

const Registry<RobustRuleEntry>& robust_rules() {
  static const Registry<RobustRuleEntry> kRegistry(
      "aggregation.robust",
      {{.name = "none",
        .compares_updates = false,
        .make = [](const AggregationConfig&) -> std::unique_ptr<RobustRule> { return nullptr; }},
       coordinate_median(),
       trimmed_mean(),
       krum(),
       multi_krum()});
  return kRegistry;
}

Robust::Robust(const AggregationConfig& config)
    : clip_norm_(config.clip_norm),
      clip_to_median_(config.clip_to_median),
      rule_(robust_rules().make(config.robust, config)) {
  AggregationConfig::kClipNorm.require("aggregation.clip_norm", clip_norm_);
}

Robust::~Robust() = default;

bool Robust::idle() const {
  return clip_norm_ == 0.0 && !clip_to_median_ && !rule_;
}

void Robust::clip(RobustOutcome& outcome) const {
  std::vector<double> norms;
  for (const auto& item : outcome.items)
    norms.push_back(norm_of_change(item));
  double limit = clip_norm_;
  if (clip_to_median_) {
    auto ranked = norms;
    const double middle = median(ranked);
    limit = clip_norm_ > 0.0 ? std::min(clip_norm_, middle) : middle;
  }
  for (std::size_t i = 0; i < norms.size(); ++i) {
    if (norms[i] <= limit) continue;
    outcome.items[i].adapter = scaled(outcome.items[i], limit / norms[i]);
    outcome.clipped.push_back(i);
  }
}

RobustOutcome Robust::apply(std::vector<FoldItem> items) const {
  RobustOutcome outcome;
  outcome.items = std::move(items);
  if (idle() || outcome.items.empty()) return outcome;
  const std::size_t size = outcome.items.front().adapter->values.size();
  for (const auto& item : outcome.items) {
    if (item.adapter->values.size() != item.anchor->values.size() ||
        (rule_ && item.adapter->values.size() != size)) {
      throw std::invalid_argument("robust aggregation needs adapters of one layout");
    }
  }
  if (clip_norm_ > 0.0 || clip_to_median_) clip(outcome);
  if (rule_) rule_->apply(outcome);
  return outcome;
}

}  // namespace lorafleet::strategy
