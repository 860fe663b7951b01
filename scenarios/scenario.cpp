#include "scenarios/scenario.hpp"

namespace lorafleet::scenarios {

ScenarioError::ScenarioError(std::vector<std::string> errors)
    : InputError("", join(errors, "\n")), errors_(std::move(errors)) {}

}  // namespace lorafleet::scenarios
