#pragma once

#include <string>
#include <vector>

#include "scenarios/schema/report.hpp"
#include "scenarios/schema/value.hpp"

namespace lorafleet::scenarios {

/// Puts each "K=V" into the document, in order. K is a dotted key; a number in it is an index of an
/// array
/// ("devices.tiers.0.share"). V is a TOML value, or else a string without its quotes. A key that
/// takes the place of another (train.steps of train.epochs) removes it. What is wrong goes to the
/// report.
void apply_overrides(const std::vector<std::string>& sets, Value& document, Report& report);

}  // namespace lorafleet::scenarios
