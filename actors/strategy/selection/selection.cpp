#include "actors/strategy/selection/selection.hpp"

#include <stdexcept>

#include "actors/strategy/selection/selections.hpp"

namespace lorafleet::strategy {

void Selection::restore(const NamedVectors& state) {
  if (!state.empty()) throw std::invalid_argument("the state is not of this selection");
}

const Registry<Selection, ClientsConfig>& selections() {
  static const Registry<Selection, ClientsConfig> registry(
      "clients.selection", {{"uniform", make_uniform},
                            {"weighted", make_weighted},
                            {"round_robin", make_round_robin},
                            {"oort", make_oort},
                            {"power_of_choice", make_power_of_choice}});
  return registry;
}

}  // namespace lorafleet::strategy
