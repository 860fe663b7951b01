#include "actors/strategy/selection/selection.hpp"

#include <stdexcept>

namespace lorafleet::strategy {

void Selection::restore(const NamedVectors& state) {
  if (!state.empty()) throw std::invalid_argument("the state is not of this selection");
}

SelectionEntry uniform();
SelectionEntry weighted();
SelectionEntry round_robin();
SelectionEntry oort();
SelectionEntry power_of_choice();

const Registry<SelectionEntry>& selections() {
  static const Registry<SelectionEntry> kRegistry(
      "clients.selection", {uniform(), weighted(), round_robin(), oort(), power_of_choice()});
  return kRegistry;
}

}  // namespace lorafleet::strategy
