#pragma once

#include <string>

namespace lorafleet::tests {

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace lorafleet::tests
