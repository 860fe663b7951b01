#pragma once

#include <array>
#include <cstdio>
#include <string>

namespace lorafleet {

/// As printf writes them; cut off after 511 bytes.
template <typename... Values>
std::string formatted(const char* pattern, Values... values) {
  std::array<char, 512> text{};
  std::snprintf(text.data(), text.size(), pattern, values...);
  return text.data();
}

}  // namespace lorafleet
