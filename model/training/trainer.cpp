#include "model/training/trainer.hpp"

namespace lorafleet::model {

const std::vector<float>* PrivateState::find(std::string_view name) const {
  for (const auto& [known, values] : vectors) {
    if (known == name) return &values;
  }
  return nullptr;
}

}  // namespace lorafleet::model
