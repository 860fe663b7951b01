#include "actors/strategy/modes/staleness.hpp"

#include <cmath>

namespace lorafleet::strategy {

const Registry<StalenessFunction>& staleness_functions() {
  static const Registry<StalenessFunction> kRegistry(
      "aggregation.staleness.fn",
      {{.name = "constant", .weight = [](double, double, double) { return 1.0; }},
       {.name = "polynomial",
        .keys = {"a"},
        .weight = [](double tau, double a, double) { return std::pow(1.0 + tau, -a); }},
       {.name = "hinge", .keys = {"a", "b"}, .weight = [](double tau, double a, double b) {
          return tau <= b ? 1.0 : 1.0 / (a * (tau - b) + 1.0);
        }}});
  return kRegistry;
}

StalenessWeight::StalenessWeight(const StalenessConfig& config)
    : function_(&staleness_functions().at(config.fn)), a_(config.a), b_(config.b) {
  StalenessConfig::kParameter.require("aggregation.staleness.a", a_);
  StalenessConfig::kParameter.require("aggregation.staleness.b", b_);
}

}  // namespace lorafleet::strategy
