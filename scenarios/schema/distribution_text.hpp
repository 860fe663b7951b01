#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "actors/sim/distribution.hpp"
#include "scenarios/schema/report.hpp"
#include "scenarios/schema/schema.hpp"
#include "scenarios/schema/value.hpp"

namespace lorafleet::scenarios {

/// How a kind of distribution is written: `{ distribution = name, parameters[0] = , parameters[1] =
/// }`.
struct DistributionForm {
  sim::Distribution::Kind kind;
  std::string name;
  std::vector<std::string> parameters;  ///< Distribution::first, then second
  Limits second_limits;
};

const std::array<DistributionForm, 4>& distribution_forms();

/// Reads a number or a table; errors go to the report and leave `distribution` as it was.
void read_distribution(const Field& field, const Value& value, const std::string& key,
                       sim::Distribution& distribution, Report& report);

/// A number for a constant, else a table.
Value distribution_value(const sim::Distribution& distribution);

}  // namespace lorafleet::scenarios
