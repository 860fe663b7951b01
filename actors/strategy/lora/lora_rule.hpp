#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "actors/sim/ids.hpp"
#include "actors/strategy/config.hpp"
#include "actors/strategy/lora/fold_report.hpp"
#include "actors/strategy/lora/product_term.hpp"
#include "actors/strategy/modes/policy.hpp"
#include "model/adapter/adapter.hpp"
#include "model/adapter/rank_tail.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::strategy {

/// One update as a rule folds it: its part of the aggregate is weight * (adapter - anchor), in the
/// space in which the rule averages.
struct FoldItem {
  model::AdapterPtr adapter;  ///< as trained by the client
  /// What it started from, or its view of the current adapter: LoraRuleEntry::from_trained and the
  /// mode say which. Of the layout of `adapter`.
  model::AdapterPtr anchor;
  double weight = 0.0;
  sim::Version trained_from{};

  template <typename Self, typename Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("adapter", self.adapter);
    visit("anchor", self.anchor);
    visit("weight", self.weight);
    visit("trained_from", self.trained_from);
  }
};

/// What a fold depends on beside the adapters.
struct FoldContext {
  sim::Version next{1};  ///< the version that is made
  std::uint64_t run_seed = 0;
  double server_lr = 1.0;  ///< for rules that do not go through a server optimiser
  bool report = true;      ///< else only what costs nothing
};

/// What a fold makes: of a factor rule `delta`, of the others `next`.
struct FoldOutcome {
  std::vector<double> delta;  ///< of the current values; 0 where a factor is frozen
  model::AdapterPtr next;     ///< with its base change; null for factor rules, or not finite
  FoldReport report;
};

/// How LoRA factors are folded, and what clients train, send and receive for it. Stateless.
class LoraRule {
 public:
  virtual ~LoraRule() = default;

  /// What a job trains that starts from this version; the other factors stay as received.
  [[nodiscard]] virtual model::Factors trains(sim::Version trained_from) const;
  /// What its update carries: no other factor of FoldItem::adapter is read.
  [[nodiscard]] virtual model::Factors carries(sim::Version trained_from) const;
  /// What a client is sent of a version.
  [[nodiscard]] virtual model::Factors receives(sim::Version version) const;
  /// From at least one item of finite values. Sums run in the order of `items`, in double.
  [[nodiscard]] virtual FoldOutcome fold(const model::Adapter& current,
                                         std::span<const FoldItem> items,
                                         const FoldContext& context) const = 0;
  /// The products that a fold stands for: dW + lr sum_k w_k (dW_k - dW_anchor,k), unless the rule
  /// says otherwise.
  [[nodiscard]] virtual std::vector<ProductTerm> ideal(const model::Adapter& current,
                                                       std::span<const FoldItem> items,
                                                       double lr) const;
  /// What a client of `layout` receives: `global` itself where the layouts are equal. Ranks of
  /// `layout` must not be above the server's.
  [[nodiscard]] virtual model::AdapterPtr view(const model::AdapterPtr& global,
                                               const model::LayoutPtr& layout) const;
  /// The client's layout from now on, after it trained `trained` from `start`: another one only
  /// where the rule prunes ranks.
  [[nodiscard]] virtual model::LayoutPtr layout_after(const model::Adapter& trained,
                                                      const model::Adapter& start) const;
  /// What clients add to their loss.
  [[nodiscard]] virtual model::RankPenalty penalty() const { return {}; }
};

/// What is known of a rule without making it: what it needs and what it can be combined with.
struct LoraRuleEntry {
  std::string name;
  std::vector<std::string> keys = {};
  bool any_ranks = false;          ///< clients may have smaller ranks than the server
  bool factor_space = true;        ///< gives a delta of the factors, for any server optimiser
  bool sees_products = true;       ///< else any vector will do for an adapter
  bool changes_base = false;       ///< folds into the frozen base: Adapter::base_change
  bool needs_private_b = false;    ///< clients keep B from job to job
  bool has_global_product = true;  ///< s B A of the global adapter is the global update
  /// The anchor is the version that an update was trained from, whatever the mode says.
  bool from_trained = false;
  bool needs_averages = false;  ///< sound only where versions average whole adapters
  bool needs_rounds = false;    ///< sound only in modes with rounds
  std::string elsewhere = {};   ///< why not elsewhere
  /// Throws InputError for options out of range.
  std::unique_ptr<LoraRule> (*make)(const AggregationConfig&) = nullptr;

  [[nodiscard]] bool sound_in(const Mode& mode, const ClientsConfig& clients) const {
    return (!needs_averages || mode.averages(clients)) && (!needs_rounds || mode.has_rounds);
  }
};

/// [aggregation] lora; formulas and sources stand in the files of the rules. In these, w_k is
/// FoldItem::weight, s = alpha / r or alpha / sqrt(r), dW = s B A, and v the version trained from.
const Registry<LoraRuleEntry>& lora_rules();

}  // namespace lorafleet::strategy
