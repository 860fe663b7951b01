#pragma once

#include <memory>
#include <span>
#include <string>

#include "actors/strategy/config.hpp"
#include "actors/strategy/fold/server_optimizer.hpp"
#include "actors/strategy/lora/fold_report.hpp"
#include "actors/strategy/lora/lora_rule.hpp"
#include "model/adapter/adapter.hpp"

namespace lorafleet::strategy {

struct Folded {
  model::AdapterPtr next;  ///< null where it would hold a NaN or an infinity
  FoldReport report;
};

/// Folds updates into the next global adapter: the LoRA rule, then the server optimiser where the
/// rule gives a change of the factors.
class Aggregator {
 public:
  /// Without `may_report` no fold is measured, whatever `config` says. Throws InputError for
  /// unknown names, bad options, and a mode or an optimiser that does not fit the rule.
  explicit Aggregator(const AggregationConfig& config, const ClientsConfig& clients = {},
                      bool may_report = true);

  [[nodiscard]] const LoraRule& rule() const { return *rule_; }
  [[nodiscard]] ServerOptimizer& optimizer() { return *optimizer_; }
  /// From which adapter the change of an update is measured, in a mode that says `mode`.
  [[nodiscard]] bool anchors_at_start() const { return traits_->from_trained; }

  /// `next` and `run_seed` key what a rule draws.
  Folded fold(const model::Adapter& current, std::span<const FoldItem> items,
              sim::Version next = {1}, std::uint64_t run_seed = 0);

 private:
  model::AdapterPtr step(const model::Adapter& current, std::span<const double> delta);

  const LoraRuleEntry* traits_;
  std::unique_ptr<LoraRule> rule_;
  std::unique_ptr<ServerOptimizer> optimizer_;
  double server_lr_;
  bool plain_sgd_;
  bool report_;
};

/// Why the rule of `config` cannot work in its mode with these clients; empty where it can.
std::string unsound_rule(const AggregationConfig& config, const ClientsConfig& clients);
/// Throws InputError where the mode or the server optimiser does not fit the rule of `config`.
void check_lora_rule(const AggregationConfig& config, const ClientsConfig& clients);

}  // namespace lorafleet::strategy
