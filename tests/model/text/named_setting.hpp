#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace lorafleet::tests {

/// A step of tokenizer.json that has a type and nothing else.
inline nlohmann::json named(const std::string& type) {
  return {{"type", type}};
}

}  // namespace lorafleet::tests
