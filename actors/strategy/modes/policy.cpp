#include "actors/strategy/modes/policy.hpp"

#include <algorithm>
#include <numeric>

#include "actors/strategy/modes/modes.hpp"

namespace lorafleet::strategy {

std::optional<RoundPlan> Policy::plan(sim::VirtualTime /*now*/,
                                      std::span<const PlannedJob> /*jobs*/) const {
  return std::nullopt;
}

bool Policy::ready(std::size_t /*waiting*/) const {
  return false;
}

const Registry<Policy, ClientsConfig, AggregationConfig>& policies() {
  static const Registry<Policy, ClientsConfig, AggregationConfig> registry(
      "aggregation.mode", {{"sync", make_sync},
                           {"fedbuff", make_fedbuff},
                           {"fedasync", make_fedasync},
                           {"tiered", make_tiered}});
  return registry;
}

Weighting::Weighting(const std::string& name) {
  if (name == "examples") {
    kind_ = Kind::examples;
  } else if (name == "tokens") {
    kind_ = Kind::tokens;
  } else if (name == "uniform") {
    kind_ = Kind::uniform;
  } else {
    throw InputError("aggregation.weighting",
                     "\"" + name + "\" is not known; known: examples, tokens, uniform");
  }
}

double Weighting::amount(const Contribution& update) const {
  switch (kind_) {
    case Kind::examples:
      return static_cast<double>(update.examples);
    case Kind::tokens:
      return static_cast<double>(update.tokens);
    case Kind::uniform:
      return 1.0;
  }
  return 1.0;
}

std::vector<double> Weighting::normalised(std::span<const Contribution> updates) const {
  std::vector<double> shares;
  for (const auto& update : updates)
    shares.push_back(amount(update));
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) {
    share = sum > 0.0 ? share / sum : 1.0 / static_cast<double>(updates.size());
  }
  return shares;
}

}  // namespace lorafleet::strategy
