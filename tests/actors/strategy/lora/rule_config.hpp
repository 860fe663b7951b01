#pragma once

#include <string>

#include "actors/strategy/config.hpp"

namespace lorafleet::tests {

inline strategy::AggregationConfig rule_config(const std::string& rule, double server_lr = 1.0) {
  strategy::AggregationConfig config;
  config.lora = rule;
  config.server_lr = server_lr;
  return config;
}

}  // namespace lorafleet::tests
