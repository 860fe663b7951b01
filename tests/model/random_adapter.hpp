#pragma once

#include <string>
#include <vector>

#include "model/adapter/lora_layout.hpp"
#include "model/network/base_model.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::tests {

inline const std::vector<std::string> kAllModules = {"q_proj",   "k_proj", "v_proj",
                                                     "out_proj", "fc1",    "fc2"};

inline model::LoraConfig lora_on(const std::vector<std::string>& modules) {
  model::LoraConfig lora;
  lora.r = 2;
  lora.lora_alpha = 4.0;
  lora.target_modules = modules;
  return lora;
}

/// B not zero either, so that every factor has a gradient.
inline model::Adapter random_adapter(const model::ModelShape& shape, const model::LoraConfig& lora,
                                     double size = 0.2) {
  Random random(6, Purpose::sample);
  const model::LayoutPtr layout = model::make_layout(shape, lora);
  model::Adapter adapter{layout, std::vector<float>(layout->size())};
  for (float& value : adapter.values) {
    value = static_cast<float>(size * random.normal());
  }
  return adapter;
}

}  // namespace lorafleet::tests
