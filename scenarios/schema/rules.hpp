#pragma once

#include <string>

#include "scenarios/schema/report.hpp"
#include "scenarios/schema/scenario.hpp"
#include "scenarios/schema/value.hpp"

namespace lorafleet::scenarios {

/// Rules about several keys at once; a rule waits while one of its keys is wrong by itself.
void check_rules(const Value& document, const std::string& source, const Scenario& scenario,
                 Report& report);

}  // namespace lorafleet::scenarios
