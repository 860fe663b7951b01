#include "partition/support/limits.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet {

namespace {

/// Whole numbers without an exponent.
std::string plain(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) {
    return std::to_string(static_cast<std::int64_t>(value));
  }
  return shortest(value);
}

}  // namespace

bool Limits::allow(double value) const {
  if (low && !(low_open ? value > *low : value >= *low)) return false;
  return !high || (high_open ? value < *high : value <= *high);
}

std::string Limits::text() const {
  if (low && high && !low_open && !high_open) return plain(*low) + " to " + plain(*high);
  std::vector<std::string> parts;
  if (low) parts.push_back(low_open ? "above " + plain(*low) : plain(*low) + " or more");
  if (high) parts.push_back((high_open ? "below " : "at most ") + plain(*high));
  return join(parts);
}

void Limits::require(std::string_view key, double value) const {
  if (std::isfinite(value) && allow(value)) return;
  throw InputError(key, "is " + plain(value) + "; allowed: " + text());
}

}  // namespace lorafleet
