#include "scenarios/rules.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <set>

#include "actors/client_limits.hpp"
#include "model/device_name.hpp"
#include "model/prompt_template.hpp"

namespace lorafleet::scenarios {

namespace {

using actors::FederationConfig;
using Broken = std::optional<std::string>;

/// `broken` says what is wrong; the error is reported at the first of `keys`.
struct Rule {
  std::vector<std::string> keys;
  std::function<Broken(const FederationConfig&)> broken;
};

bool is_sync(const FederationConfig& run) {
  return run.aggregation.mode == "sync";
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
  if (distinct.size() == names.size()) return std::nullopt;
  return "names a module twice";
}

/// A manifest decides the number of clients itself: then the run judges, once it is read.
Broken clients_suffice(const FederationConfig& run) {
  if (!run.partition.manifest.empty()) return std::nullopt;
  const std::int64_t clients = run.partition.clients;
  const auto limit = actors::broken_client_limit(run, static_cast<std::size_t>(clients));
  if (!limit) return std::nullopt;
  return limit->what + "; allowed: at most partition.clients, " + std::to_string(clients);
}

Broken concurrency_fits(const FederationConfig& run) {
  return is_sync(run) ? std::nullopt : clients_suffice(run);
}

Broken cohort_fits(const FederationConfig& run) {
  return is_sync(run) ? clients_suffice(run) : std::nullopt;
}

Broken minimum_fits(const FederationConfig& run) {
  if (!is_sync(run) || run.clients.min_updates <= run.clients.per_round) return std::nullopt;
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

Broken tiers_are_distinct(const FederationConfig& run) {
  std::set<std::string> names;
  for (const auto& tier : run.devices.tiers) {
    if (!names.insert(tier.name).second) return "two tiers have the name \"" + tier.name + "\"";
  }
  return std::nullopt;
}

Broken template_is_readable(const FederationConfig& run) {
  if (run.encoding.prompt_template == "auto") return std::nullopt;
  try {
    const model::PromptTemplate parsed(run.encoding.prompt_template,
                                       run.encoding.template_without_context);
  } catch (const InputError& error) {
    const std::string what = error.what();
    return what.substr(what.find(": ") + 2);
  }
  return std::nullopt;
}

Broken device_is_named(const FederationConfig& run) {
  if (model::is_device_name(run.slots.device)) return std::nullopt;
  return "\"" + run.slots.device + "\" is no device; allowed: cpu, cuda, cuda:N";
}

Broken device_multiplies_dtype(const FederationConfig& run) {
  if (run.model.dtype != "float16" || run.slots.device != "cpu") return std::nullopt;
  return "float16 needs a GPU (slots.device): LibTorch has no float16 matrix products on CPUs; "
         "allowed there: float32, bfloat16";
}

const std::vector<Rule>& rules() {
  static const std::vector<Rule> rules = {
      {{"name"}, name_is_plain},
      {{"lora.target_modules"}, targets_are_distinct},
      {{"clients.concurrency", "aggregation.mode", "partition.clients"}, concurrency_fits},
      {{"clients.per_round", "clients.overcommit", "aggregation.mode", "partition.clients"},
       cohort_fits},
      {{"clients.min_updates", "clients.per_round", "aggregation.mode"}, minimum_fits},
      {{"data.template", "data.template_without_context"}, template_is_readable},
      {{"stop"}, run_ends},
      {{"partition.skew"}, edges_ascend},
      {{"partition.skew"}, quality_is_named},
      {{"devices.tiers"}, tiers_are_distinct},
      {{"slots.device"}, device_is_named},
      {{"model.dtype", "slots.device"}, device_multiplies_dtype},
  };
  return rules;
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
