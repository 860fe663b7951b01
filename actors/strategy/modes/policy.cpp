#include "actors/strategy/modes/policy.hpp"

#include <algorithm>
#include <numeric>

#include "partition/support/error.hpp"

namespace lorafleet::strategy {

Mode sync();
Mode fedbuff();
Mode fedasync();
Mode tiered();

const Registry<Mode>& modes() {
  static const Registry<Mode> kRegistry("aggregation.mode",
                                        {sync(), fedbuff(), fedasync(), tiered()});
  return kRegistry;
}

std::optional<RoundPlan> Policy::plan(sim::VirtualTime /*now*/,
                                      std::span<const PlannedJob> /*jobs*/) const {
  return std::nullopt;
}

bool Policy::ready(std::size_t /*waiting*/) const {
  return false;
}

bool may_be_stale(const ClientsConfig& clients, const AggregationConfig& config) {
  return modes().at(config.mode).may_be_stale(clients);
}

bool weighs_staleness(const ClientsConfig& clients, const AggregationConfig& config) {
  return may_be_stale(clients, config) && modes().reads(config.mode, "aggregation.staleness");
}

std::vector<std::string> weighting_names() {
  return {"examples", "tokens", "uniform"};
}

Weighting::Weighting(const std::string& name) {
  const auto names = weighting_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw InputError("aggregation.weighting",
                     "\"" + name + "\" is not known; known: " + join(names));
  }
  kind_ = static_cast<Kind>(found - names.begin());
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
