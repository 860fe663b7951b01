#pragma once

#include <string>

#include "scenarios/schema/report.hpp"
#include "scenarios/schema/scenario.hpp"
#include "scenarios/schema/value.hpp"

namespace lorafleet::scenarios {

/// What no single key can tell: required keys, keys without effect (warnings), keys that exclude
/// each other, paths that lead nowhere, and rules across keys. `source` names the scenario in
/// messages about keys that the document does not have.
void validate(const Value& document, const std::string& source, const Scenario& scenario,
              Report& report);

}  // namespace lorafleet::scenarios
