#include "actors/strategy/fold/aggregator.hpp"

#include <algorithm>
#include <cmath>

#include "actors/strategy/lora/measures.hpp"

namespace lorafleet::strategy {

Aggregator::Aggregator(const AggregationConfig& config, const ClientsConfig& clients,
                       bool may_report)
    : traits_(&lora_rules().at(config.lora)),
      rule_(traits_->make(config)),
      optimizer_(server_optimizers().make(config.server_optimizer, config)),
      server_lr_(config.server_lr),
      plain_sgd_(server_optimizers().at(config.server_optimizer).is_plain(config)),
      report_(config.lora_report && may_report) {
  check_lora_rule(config, clients);
}

Folded Aggregator::fold(const model::Adapter& current, std::span<const FoldItem> items,
                        sim::Version next, std::uint64_t run_seed) {
  if (!std::all_of(items.begin(), items.end(),
                   [](const FoldItem& item) { return model::all_finite(*item.adapter); })) {
    return {};
  }
  FoldOutcome outcome = rule_->fold(current, items, {next, run_seed, server_lr_, report_});
  Folded folded{traits_->factor_space ? step(current, outcome.delta) : std::move(outcome.next),
                std::move(outcome.report)};
  if (folded.next == nullptr) return {};
  FoldReport& report = folded.report;
  if (report_ && traits_->has_global_product) {
    const std::size_t modules = current.layout->modules().size();
    if (traits_->factor_space && plain_sgd_) {
      const auto ideal = rule_->ideal(current, items, server_lr_);
      auto difference = ideal;
      difference.push_back({-1.0, folded.next.get()});
      report.reconstruction_error = relative_norm(difference, ideal, modules);
    }
    report.views = view_losses(*rule_, folded.next, items);
    if (!report.effective_rank) report.effective_rank = effective_rank(*folded.next);
  }
  report.rank_collapse = report.effective_rank && *report.effective_rank > 0.0 &&
                         *report.effective_rank < kCollapsedRank &&
                         largest_rank(*current.layout) > 1;
  return folded;
}

model::AdapterPtr Aggregator::step(const model::Adapter& current, std::span<const double> delta) {
  if (!std::all_of(delta.begin(), delta.end(), [](double x) { return std::isfinite(x); })) {
    return nullptr;
  }
  const NamedVectors before = optimizer_->state();
  auto next = std::make_shared<model::Adapter>(
      model::Adapter{current.layout, optimizer_->step(current.values, delta), current.base_change});
  if (model::all_finite(*next)) return next;
  optimizer_->restore(before);
  return nullptr;
}

std::string unsound_rule(const AggregationConfig& config, const ClientsConfig& clients) {
  const LoraRuleEntry& rule = lora_rules().at(config.lora);
  const Mode& mode = modes().at(config.mode);
  if (rule.sound_in(mode, clients)) return {};
  const std::string late = modes().reads(config.mode, "clients.late") && rule.sound_in(mode, {})
                               ? " with clients.late = \"" + clients.late + "\""
                               : "";
  const auto sound =
      modes().names_where([&](const Mode& other) { return rule.sound_in(other, {}); });
  return "\"" + config.lora + "\" cannot work in mode " + config.mode + late + ": " +
         rule.elsewhere + "; " +
         (late.empty() ? "modes that it works in: " + join(sound)
                       : "it works with clients.late = \"" + ClientsConfig{}.late + "\"");
}

void check_lora_rule(const AggregationConfig& config, const ClientsConfig& clients) {
  const LoraRuleEntry& rule = lora_rules().at(config.lora);
  const std::string unsound = unsound_rule(config, clients);
  if (!unsound.empty()) throw InputError("aggregation.lora", unsound);
  if (rule.factor_space || server_optimizers().at(config.server_optimizer).is_plain(config)) return;
  throw InputError("aggregation.server_optimizer",
                   "\"" + config.lora +
                       "\" folds products, whose factors are split anew in each version, so that "
                       "moments of factors mean nothing; allowed: \"sgd\" with server_momentum 0");
}

}  // namespace lorafleet::strategy
