#include "scenarios/schema/rules.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "actors/run/client_limits.hpp"
#include "actors/run/trainers/train_kinds.hpp"
#include "actors/strategy/fold/aggregator.hpp"
#include "actors/strategy/lora/lora_rule.hpp"
#include "actors/strategy/messages/faults.hpp"
#include "actors/strategy/modes/policy.hpp"
#include "actors/strategy/robust/krum.hpp"
#include "actors/strategy/robust/robust.hpp"
#include "actors/strategy/selection/selection.hpp"
#include "model/adapter/client_layouts.hpp"
#include "model/adapter/lora_layout.hpp"
#include "model/device/device_name.hpp"
#include "model/files/dtype.hpp"
#include "model/text/prompt_template.hpp"
#include "partition/skews/skew.hpp"
#include "partition/support/printable.hpp"

namespace lorafleet::scenarios {

namespace {

using actors::FederationConfig;
using Broken = std::optional<std::string>;

/// `broken` says what is wrong; the error is reported at the first of `keys`.
struct Rule {
  std::vector<std::string> keys;
  std::function<Broken(const FederationConfig&)> broken;
};

const strategy::Mode& mode_of(const FederationConfig& run) {
  return strategy::modes().at(run.aggregation.mode);
}

bool sound_in(const strategy::LoraRuleEntry& rule, const FederationConfig& run) {
  return rule.sound_in(mode_of(run), run.clients);
}

bool has_rounds(const FederationConfig& run) {
  return mode_of(run).has_rounds;
}

/// Whether the folds of a run go through its robust rule, and this reads `key`.
bool robust_reads(const FederationConfig& run, const char* key) {
  return strategy::modes().reads(run.aggregation.mode, "aggregation.robust") &&
         strategy::robust_rules().reads(run.aggregation.robust, key);
}

Broken name_is_plain(const FederationConfig& run) {
  const bool plain = !run.name.empty() && run.name[0] != '.' &&
                     std::all_of(run.name.begin(), run.name.end(), [](unsigned char c) {
                       return (std::isalnum(c) != 0 && c < 128) || c == '.' || c == '_' || c == '-';
                     });
  if (plain) return std::nullopt;
  return "\"" + run.name +
         "\" cannot be part of a file name; allowed: letters, digits, '.', '_' "
         "and '-', no '.' in front";
}

Broken targets_are_distinct(const FederationConfig& run) {
  const auto& names = run.lora.target_modules;
  if (names.empty()) return "names no module; allowed: at least one";
  const std::set<std::string> distinct(names.begin(), names.end());
  if (distinct.size() != names.size()) return "names a module twice";
  if (names.size() == 1 || !distinct.contains(model::kAllLinear)) return std::nullopt;
  return std::string("\"") + model::kAllLinear + "\" stands for all modules, alone";
}

/// A manifest decides the number of clients itself: then the run judges, once it is read.
Broken clients_suffice(const FederationConfig& run) {
  if (!run.partition.manifest.empty()) return std::nullopt;
  const std::int64_t clients = run.partition.clients;
  const auto limit = actors::broken_client_limit(run, static_cast<std::size_t>(clients));
  if (!limit) return std::nullopt;
  return limit->what +
         "; allowed: " + actors::allowed(*limit, "partition.clients, " + std::to_string(clients));
}

Broken concurrency_fits(const FederationConfig& run) {
  return has_rounds(run) ? std::nullopt : clients_suffice(run);
}

Broken cohort_fits(const FederationConfig& run) {
  return has_rounds(run) ? clients_suffice(run) : std::nullopt;
}

Broken minimum_fits(const FederationConfig& run) {
  if (!has_rounds(run) || run.clients.min_updates <= run.clients.per_round) return std::nullopt;
  return std::to_string(run.clients.min_updates) +
         " updates can never come in a round; allowed: at most clients.per_round, " +
         std::to_string(run.clients.per_round);
}

Broken run_ends(const FederationConfig& run) {
  if (run.stop.versions > 0 || run.stop.updates > 0 || run.stop.virtual_seconds > 0.0) {
    return std::nullopt;
  }
  return "nothing would end the run; allowed: at least one of versions, virtual_seconds and "
         "updates "
         "above 0";
}

Broken target_is_scored(const FederationConfig& run) {
  if (run.stop.target_perplexity == 0.0 || run.evaluation.every_versions > 0) return std::nullopt;
  return "needs versions that are scored; allowed: with evaluation.every_versions of at least 1";
}

/// The names of the rules for which `holds` is true.
template <typename Holds>
std::string lora_rules_that(Holds&& holds) {
  return join(strategy::lora_rules().names_where(holds));
}

/// A gradient step beyond 2 / (1 + mu) overshoots ever further.
Broken surrogate_converges(const FederationConfig& run) {
  if (actors::has_base(run) || run.train.lr * (1.0 + run.train.prox_mu) < 2.0) {
    return std::nullopt;
  }
  return "a surrogate's steps would diverge; allowed: train.lr * (1 + train.prox_mu) below 2";
}

Broken surrogate_has_one_rank(const FederationConfig& run) {
  if (actors::has_base(run) || run.lora.ranks.empty()) return std::nullopt;
  return "a surrogate's adapter is one vector; allowed: lora.r for all clients";
}

Broken surrogate_has_no_data(const FederationConfig& run) {
  if (actors::has_base(run) || run.partition.manifest.empty()) return std::nullopt;
  return "a surrogate has no data to split; allowed: partition.clients";
}

Broken surrogate_has_no_labels(const FederationConfig& run) {
  const auto& attackers = run.faults.attackers;
  const bool spoils_labels = std::any_of(attackers.begin(), attackers.end(), [](const auto& entry) {
    return strategy::attack_kinds().at(entry.attack).spoils_labels;
  });
  if (actors::has_base(run) || !spoils_labels) return std::nullopt;
  return "a surrogate has no labels to spoil; allowed: every attack but label_noise";
}

Broken surrogate_folds_factors(const FederationConfig& run) {
  if (actors::has_base(run) || !strategy::lora_rules().at(run.aggregation.lora).sees_products)
    return std::nullopt;
  return "a surrogate has no products to fold; allowed: " +
         lora_rules_that([](const auto& rule) { return !rule.sees_products; });
}

/// These compare updates value by value, which means nothing where the factors' shapes differ.
Broken robust_compares_factors(const FederationConfig& run) {
  const auto& rule = strategy::robust_rules().at(run.aggregation.robust);
  if (!rule.compares_updates) return std::nullopt;
  if (!strategy::modes().reads(run.aggregation.mode, "aggregation.robust")) return std::nullopt;
  if (!model::has_unequal_ranks(run.lora)) return std::nullopt;
  return "\"" + run.aggregation.robust +
         "\" compares updates value by value and needs clients of equal rank; allowed with "
         "unequal ones: none";
}

Broken edges_ascend(const FederationConfig& run) {
  for (std::size_t i = 0; i < run.partition.skews.size(); ++i) {
    const auto& edges = run.partition.skews[i].edges;
    if (std::adjacent_find(edges.begin(), edges.end(), std::greater_equal<>()) != edges.end()) {
      return "edges of entry " + std::to_string(i) + " must ascend";
    }
  }
  return std::nullopt;
}

Broken quality_is_named(const FederationConfig& run) {
  for (std::size_t i = 0; i < run.partition.skews.size(); ++i) {
    if (run.partition.skews[i].quality.empty()) {
      return "quality of entry " + std::to_string(i) + " names no score";
    }
  }
  return std::nullopt;
}

bool spreads_attribute(const partition::SkewConfig& skew) {
  const auto& kinds = partition::skew_kinds();
  return std::any_of(kinds.begin(), kinds.end(), [&](const partition::SkewKind& kind) {
    return kind.name == skew.by && kind.measure == &partition::SkewConfig::attribute;
  });
}

Broken attribute_is_named(const FederationConfig& run) {
  for (std::size_t i = 0; i < run.partition.skews.size(); ++i) {
    const auto& skew = run.partition.skews[i];
    if (spreads_attribute(skew) && skew.attribute.empty()) {
      return "entry " + std::to_string(i) +
             " does not say which attribute; allowed: attribute = \"target\", or one that the data "
             "have";
    }
  }
  return std::nullopt;
}

std::string tier_names(const FederationConfig& run) {
  std::vector<std::string> names;
  for (const auto& tier : run.devices.tiers)
    names.push_back(tier.name);
  return names.empty() ? "none, for [devices] has no tiers" : join(names);
}

Broken tiers_are_printable(const FederationConfig& run) {
  for (const auto& tier : run.devices.tiers) {
    if (!is_printable(tier.name)) {
      return "the tier \"" + printable(tier.name) +
             "\" has control characters in its name; allowed: a name of one line";
    }
  }
  return std::nullopt;
}

Broken tiers_are_distinct(const FederationConfig& run) {
  std::set<std::string> names;
  for (const auto& tier : run.devices.tiers) {
    if (!names.insert(tier.name).second) return "two tiers have the name \"" + tier.name + "\"";
  }
  return std::nullopt;
}

/// A file of devices has tiers of its own: then the run judges, once it is read.
Broken outages_hit_tiers(const FederationConfig& run) {
  if (!run.devices.file.empty()) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& tier : run.devices.tiers)
    names.push_back(tier.name);
  if (names.empty()) names.push_back(sim::DeviceTier{}.name);
  for (std::size_t i = 0; i < run.availability.outages.size(); ++i) {
    const std::string& tier = run.availability.outages[i].tier;
    if (tier.empty() || std::find(names.begin(), names.end(), tier) != names.end()) continue;
    return with_hints("tier \"" + tier + "\" of entry " + std::to_string(i) + " is not known",
                      join(names), nearest_name(tier, names));
  }
  return std::nullopt;
}

Broken outages_end(const FederationConfig& run) {
  for (std::size_t i = 0; i < run.availability.outages.size(); ++i) {
    const auto& outage = run.availability.outages[i];
    if (outage.every_seconds == 0.0 || outage.every_seconds > outage.duration_seconds) continue;
    return "every_seconds of entry " + std::to_string(i) +
           " must be 0 or above its duration_seconds, or the outage never ends";
  }
  return std::nullopt;
}

Broken template_is_readable(const FederationConfig& run) {
  if (run.encoding.prompt_template == run.encoding.kUsualTemplate) return std::nullopt;
  try {
    const model::PromptTemplate parsed(run.encoding.prompt_template,
                                       run.encoding.template_without_context);
  } catch (const InputError& error) {
    const std::string what = error.what();
    return what.substr(what.find(": ") + 2);
  }
  return std::nullopt;
}

/// The updates of a full fold.
std::int64_t fold_size(const FederationConfig& run) {
  return mode_of(run).fold_size(run.clients, run.aggregation);
}

Broken power_d_suffices(const FederationConfig& run) {
  if (!strategy::selections().reads(run.clients.selection, "clients.power_d") || !has_rounds(run) ||
      run.clients.power_d >= run.clients.per_round) {
    return std::nullopt;
  }
  return std::to_string(run.clients.power_d) +
         " candidates are fewer than a round takes; allowed: at least clients.per_round, " +
         std::to_string(run.clients.per_round);
}

bool is_krum(const FederationConfig& run) {
  return robust_reads(run, "aggregation.byzantine");
}

Broken byzantine_is_whole(const FederationConfig& run) {
  const double f = run.aggregation.byzantine;
  if (!is_krum(run) || f < 1.0 || f == std::floor(f)) return std::nullopt;
  return "is neither a share nor a number of updates; allowed: below 1, or a whole number";
}

Broken fold_suffices_for_krum(const FederationConfig& run) {
  if (!is_krum(run)) return std::nullopt;
  const auto n = static_cast<std::size_t>(fold_size(run));
  const auto f = strategy::wanted_byzantine(run.aggregation.byzantine, n);
  if (n >= 3 && f <= strategy::most_byzantine(n)) return std::nullopt;
  return std::to_string(f) +
         " false updates need a fold of at least 2 f + 3 = " + std::to_string(2 * f + 3) +
         ", but one has " + std::to_string(n);
}

Broken krum_keeps_some_of_a_fold(const FederationConfig& run) {
  if (!robust_reads(run, "aggregation.krum_keep") || run.aggregation.krum_keep <= fold_size(run)) {
    return std::nullopt;
  }
  return "keeps more updates than a fold has; allowed: at most " + std::to_string(fold_size(run));
}

Broken attackers_have_tiers(const FederationConfig& run) {
  std::vector<std::string> tiers;
  for (const auto& tier : run.devices.tiers)
    tiers.push_back(tier.name);
  if (tiers.empty()) tiers.push_back(sim::DeviceTier{}.name);
  const auto& attackers = run.faults.attackers;
  for (std::size_t i = 0; i < attackers.size(); ++i) {
    const std::string& tier = attackers[i].tier;
    if (tier.empty() || std::find(tiers.begin(), tiers.end(), tier) != tiers.end()) continue;
    return "tier of entry " + std::to_string(i) + ": \"" + tier +
           "\" is no tier; known: " + join(tiers);
  }
  return std::nullopt;
}

Broken attackers_are_clients(const FederationConfig& run) {
  double everywhere = 0.0;
  std::map<std::string, double> by_tier;
  for (const auto& entry : run.faults.attackers)
    (entry.tier.empty() ? everywhere : by_tier[entry.tier]) += entry.share;
  double most = 0.0;
  for (const auto& [tier, share] : by_tier)
    most = std::max(most, share);
  if (everywhere + most <= 1.0 + 1e-9) return std::nullopt;
  return "the shares of the entries sum to more than 1";
}

Broken scaling_scales(const FederationConfig& run) {
  const auto& attackers = run.faults.attackers;
  for (std::size_t i = 0; i < attackers.size(); ++i) {
    if (attackers[i].scale == strategy::attack_kinds().at(attackers[i].attack).idle_scale) {
      return "scale of entry " + std::to_string(i) +
             " is 1, which changes nothing; allowed: any other factor";
    }
  }
  return std::nullopt;
}

Broken device_is_named(const FederationConfig& run) {
  if (model::is_device_choice(run.slots.device)) return std::nullopt;
  return "\"" + run.slots.device + "\" is no device; allowed: " + model::kDeviceChoices;
}

Broken device_multiplies_dtype(const FederationConfig& run) {
  const auto dtype = model::weight_type_named(run.model.dtype, "model.dtype");
  if (dtype != model::DType::float16 || !model::is_cpu(run.slots.device)) return std::nullopt;
  return "float16 needs a GPU (slots.device): LibTorch has no float16 matrix products on CPUs; "
         "allowed there: float32, bfloat16";
}

Broken ranks_are_given_out(const FederationConfig& run) {
  const std::string wrong = model::wrong_with_ranks(run.lora.ranks);
  if (!wrong.empty()) return wrong;
  for (const auto& entry : run.lora.ranks) {
    const auto& tiers = run.devices.tiers;
    const bool known = entry.tier.empty() ||
                       std::any_of(tiers.begin(), tiers.end(),
                                   [&](const auto& tier) { return tier.name == entry.tier; });
    if (!known) return "there is no tier \"" + entry.tier + "\"; allowed: " + tier_names(run);
  }
  if (run.lora.ranks.empty() || run.lora.ranks.front().tier.empty()) return std::nullopt;
  for (const auto& tier : run.devices.tiers) {
    const auto& ranks = run.lora.ranks;
    if (std::none_of(ranks.begin(), ranks.end(),
                     [&](const auto& entry) { return entry.tier == tier.name; })) {
      return "gives no rank to tier \"" + tier.name + "\"; allowed: one for each of " +
             tier_names(run);
    }
  }
  return std::nullopt;
}

Broken rule_takes_ranks(const FederationConfig& run) {
  const auto& config = run.aggregation;
  if (!model::has_unequal_ranks(run.lora)) return std::nullopt;
  if (strategy::lora_rules().at(config.lora).any_ranks) return std::nullopt;
  return "\"" + config.lora +
         "\" needs clients of equal rank and scale; allowed with unequal "
         "lora.ranks: " +
         lora_rules_that([&](const auto& rule) { return rule.any_ranks && sound_in(rule, run); });
}

Broken rule_is_sound(const FederationConfig& run) {
  const std::string unsound = strategy::unsound_rule(run.aggregation, run.clients);
  if (unsound.empty()) return std::nullopt;
  return unsound + "; allowed here: " + lora_rules_that([&](const auto& other) {
           return sound_in(other, run);
         });
}

Broken optimizer_fits_rule(const FederationConfig& run) {
  if (!sound_in(strategy::lora_rules().at(run.aggregation.lora), run)) return std::nullopt;
  try {
    strategy::check_lora_rule(run.aggregation, run.clients);
  } catch (const InputError& error) {
    const std::string what = error.what();
    return what.substr(what.find(": ") + 2);
  }
  return std::nullopt;
}

const std::vector<Rule>& rules() {
  static const std::vector<Rule> kRules = {
      {{"name"}, name_is_plain},
      {{"lora.target_modules"}, targets_are_distinct},
      {{"lora.ranks", "devices.tiers"}, ranks_are_given_out},
      {{"aggregation.lora", "lora.ranks", "aggregation.mode", "clients.late"}, rule_takes_ranks},
      {{"aggregation.lora", "aggregation.mode", "clients.late"}, rule_is_sound},
      {{"aggregation.server_optimizer", "aggregation.server_momentum", "aggregation.lora",
        "aggregation.mode", "clients.late"},
       optimizer_fits_rule},
      {{"clients.concurrency", "aggregation.mode", "partition.clients"}, concurrency_fits},
      {{"clients.per_round", "clients.overcommit", "aggregation.mode", "partition.clients"},
       cohort_fits},
      {{"clients.min_updates", "clients.per_round", "aggregation.mode"}, minimum_fits},
      {{"clients.power_d", "clients.selection", "clients.per_round"}, power_d_suffices},
      {{"aggregation.byzantine", "aggregation.robust", "aggregation.mode"}, byzantine_is_whole},
      {{"aggregation.byzantine", "aggregation.robust", "aggregation.mode", "clients.per_round",
        "aggregation.buffer_size"},
       fold_suffices_for_krum},
      {{"aggregation.krum_keep", "aggregation.robust", "aggregation.mode", "clients.per_round",
        "aggregation.buffer_size"},
       krum_keeps_some_of_a_fold},
      {{"data.template", "data.template_without_context"}, template_is_readable},
      {{"stop"}, run_ends},
      {{"stop.target_perplexity"}, target_is_scored},
      {{"aggregation.robust", "lora.ranks"}, robust_compares_factors},
      {{"train.lr", "train.kind"}, surrogate_converges},
      {{"aggregation.lora"}, surrogate_folds_factors},
      {{"lora.ranks"}, surrogate_has_one_rank},
      {{"partition.manifest"}, surrogate_has_no_data},
      {{"faults.attackers"}, surrogate_has_no_labels},
      {{"partition.skew"}, edges_ascend},
      {{"partition.skew"}, quality_is_named},
      {{"partition.skew"}, attribute_is_named},
      {{"devices.tiers"}, tiers_are_printable},
      {{"devices.tiers"}, tiers_are_distinct},
      {{"availability.outages", "devices.tiers", "devices.file"}, outages_hit_tiers},
      {{"availability.outages"}, outages_end},
      {{"faults.attackers", "devices.tiers"}, attackers_have_tiers},
      {{"faults.attackers"}, attackers_are_clients},
      {{"faults.attackers"}, scaling_scales},
      {{"slots.device"}, device_is_named},
      {{"model.dtype", "slots.device"}, device_multiplies_dtype},
  };
  return kRules;
}

/// Where `key` stands, or the first of the rule's keys that the document has, or the file.
Place place_of(const Value& document, const std::string& source,
               const std::vector<std::string>& keys) {
  for (const auto& key : keys) {
    const std::size_t dot = key.find('.');
    const Value* value = document.find(key.substr(0, dot));
    if (value != nullptr && dot != std::string::npos) value = value->find(key.substr(dot + 1));
    if (value != nullptr) return value->place;
  }
  return {source, 0, 0};
}

}  // namespace

void check_rules(const Value& document, const std::string& source, const Scenario& scenario,
                 Report& report) {
  for (const auto& rule : rules()) {
    const bool waits = std::any_of(rule.keys.begin(), rule.keys.end(),
                                   [&](const auto& key) { return report.is_bad(key); });
    if (waits) continue;
    if (const Broken what = rule.broken(scenario.federation)) {
      report.error(place_of(document, source, rule.keys), rule.keys.front(), *what);
    }
  }
}

}  // namespace lorafleet::scenarios
