#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lorafleet {

/// The numbers that a setting may have. Stands beside the setting; the schema of scenarios and the
/// code that uses the setting take it from there.
struct Limits {
  std::optional<double> low = {};
  std::optional<double> high = {};
  bool low_open = false;
  bool high_open = false;

  [[nodiscard]] constexpr Limits at_most(double most) const { return {low, most, low_open, false}; }
  [[nodiscard]] constexpr Limits below(double most) const { return {low, most, low_open, true}; }

  [[nodiscard]] bool allow(double value) const;
  /// "1 to 1024", "above 0", "0 or more, below 1"; empty without bounds.
  [[nodiscard]] std::string text() const;
  /// Throws InputError "key: is value; allowed: text" where the value is none of them, or not
  /// finite.
  void require(std::string_view key, double value) const;
};

constexpr Limits at_least(double least) {
  return {.low = least};
}
constexpr Limits above(double least) {
  return {.low = least, .low_open = true};
}
constexpr Limits between(double least, double most) {
  return {.low = least, .high = most};
}

}  // namespace lorafleet
