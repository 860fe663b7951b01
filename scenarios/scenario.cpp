#include "scenarios/scenario.hpp"

#include "partition/support/hash.hpp"

namespace lorafleet::scenarios {

ScenarioError::ScenarioError(std::vector<std::string> errors)
    : InputError("", join(errors, "\n")), errors_(std::move(errors)) {}

std::string identity(const Scenario& scenario) {
  Scenario decisive = scenario;
  decisive.federation.slots.count = {};
  decisive.federation.checkpoint = {};
  decisive.federation.output = {};
  decisive.expect.clear();
  return sha256_hex(to_toml(decisive));
}

}  // namespace lorafleet::scenarios
