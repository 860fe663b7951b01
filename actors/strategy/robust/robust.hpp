#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "actors/strategy/config.hpp"
#include "actors/strategy/lora/lora_rule.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::strategy {

/// What is left of a fold, and what was done to it; positions are those of the items given.
struct RobustOutcome {
  std::vector<FoldItem> items;
  std::vector<std::size_t> clipped;   ///< ascending
  std::vector<std::size_t> rejected;  ///< ascending
  /// Krum: the fold was too small for the f that was asked for, which was lowered.
  bool weakened = false;
};

/// One robust rule, on the changes d_i = adapter_i - anchor_i of the factors, flat as in the
/// layout.
class RobustRule {
 public:
  virtual ~RobustRule() = default;
  /// From at least one item, whose changes all have one length. `outcome.items` holds them at
  /// first.
  virtual void apply(RobustOutcome& outcome) const = 0;
};

/// What is known of a robust rule without making it.
struct RobustRuleEntry {
  std::string name;
  std::vector<std::string> keys = {};
  bool compares_updates = true;  ///< false for the rule that does nothing
  /// Gives null for the rule that does nothing. Throws InputError for options out of range.
  std::unique_ptr<RobustRule> (*make)(const AggregationConfig&) = nullptr;
};

/// [aggregation] robust. n is the number of items, w_i their weights, W the sum of these.
///   none:         the items as they are.
///   median:       one item of weight W whose change is, in each coordinate, the median of the d_i
///                 (for an even n the mean of the two in the middle); Yin et al., ICML 2018,
///                 arXiv 1803.01498, definition 1.
///   trimmed_mean: the same with the mean of what is left when the floor(trim n) smallest and as
///                 many of the largest are cut off (definition 2 there).
///   krum:         the item with the smallest score: the sum of the n - f - 2 smallest squared
///                 distances ||d_i - d_j||^2 to the others; Blanchard et al., NeurIPS 2017,
///                 arXiv 1703.02757, section 4.
///   multi_krum:   the krum_keep items with the smallest scores (section 5 there), at most n; 0: n
///                 - f of them.
///
/// Median and trimmed mean ignore the w_i, which clients could lie about, but keep W: a stale
/// buffer still makes a smaller step. Their item starts from the anchor of the first. Krum scores
/// ignore the w_i too; the items that it keeps stand in the order given, with their weights scaled
/// so that they sum to W (W / m each if theirs sum to 0). Equal scores: the earlier position wins.
///
/// f is `byzantine`, or floor(byzantine n) where that is below 1. Krum needs n >= 2 f + 3: for a
/// smaller fold f is lowered to floor((n - 3) / 2) (outcome.weakened). With fewer than 3 items
/// nothing can be judged, and all are kept.
const Registry<RobustRuleEntry>& robust_rules();

/// Clipping, then a robust rule: stands between the updates of a fold and the LoRA rule, works on
/// the factors and composes with any rule that folds factors. A pure function of the items.
class Robust {
 public:
  /// Throws InputError for an unknown name or options out of range.
  explicit Robust(const AggregationConfig& config);
  ~Robust();

  /// Clips first: an item whose change has a norm ||d_i|| (over all factors) above the limit c gets
  /// the adapter anchor_i + (c / ||d_i||) d_i. c is clip_norm, or the median of the norms in the
  /// fold (of an even number the mean of the two in the middle) with clip_to_median; with both the
  /// smaller.
  ///
  /// Adapters must be finite. Throws std::invalid_argument where the adapter of an item and its
  /// anchor differ in length or, with any rule but none, two items do.
  [[nodiscard]] RobustOutcome apply(std::vector<FoldItem> items) const;
  /// Whether `apply` gives the items back as they are, whatever they are.
  [[nodiscard]] bool idle() const;

 private:
  void clip(RobustOutcome& outcome) const;

  double clip_norm_;
  bool clip_to_median_;
  std::unique_ptr<RobustRule> rule_;  ///< null: none
};

}  // namespace lorafleet::strategy
