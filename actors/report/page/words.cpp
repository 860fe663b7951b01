#include "actors/report/page/words.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "partition/support/numbers.hpp"

namespace lorafleet::report {

namespace {

/// "1.5" for "1.500".
std::string trimmed(std::string text) {
  if (text.find('.') == text.npos || text.find('e') != text.npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string printed(const char* pattern, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), pattern, value);
  return text.data();
}

/// "2 h 3 min": the larger unit, and the smaller one where it is not 0.
std::string two_units(double value, double size, const char* large, const char* small,
                      double parts) {
  auto whole = static_cast<std::int64_t>(value / size);
  auto rest = std::llround((value - static_cast<double>(whole) * size) / size * parts);
  if (rest == static_cast<std::int64_t>(parts)) {
    ++whole;
    rest = 0;
  }
  std::string text = grouped(whole) + " " + large;
  if (rest > 0) text += " " + std::to_string(rest) + " " + small;
  return text;
}

}  // namespace

std::string number(double value) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  const double size = std::abs(value);
  if (size >= 1e15) return printed("%.4g", value);
  if (size >= 1000.0 || (value == std::floor(value) && size >= 1.0))
    return grouped(std::llround(value));
  if (size == 0.0) return "0";
  if (size >= 100.0) return trimmed(printed("%.1f", value));
  if (size >= 10.0) return trimmed(printed("%.2f", value));
  if (size >= 0.01) return trimmed(printed("%.3f", value));
  return printed("%.3g", value);
}

std::string counted(std::int64_t value, std::string_view one, std::string_view many) {
  const std::string plural = many.empty() ? std::string(one) + "s" : std::string(many);
  return grouped(value) + " " + (value == 1 ? std::string(one) : plural);
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds)) return "–";
  if (seconds < 60.0) return number(seconds) + " s";
  if (seconds < 3600.0) return two_units(seconds, 60.0, "min", "s", 60.0);
  if (seconds < 86400.0) return two_units(seconds, 3600.0, "h", "min", 60.0);
  return two_units(seconds, 86400.0, "d", "h", 24.0);
}

std::string bytes_text(double bytes) {
  if (!std::isfinite(bytes)) return "–";
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  while (bytes >= 1000.0 && unit + 1 < kUnits.size()) {
    bytes /= 1000.0;
    ++unit;
  }
  return (unit == 0 ? printed("%.0f", bytes) : printed("%.3g", bytes)) + " " + kUnits[unit];
}

std::string percent(double share) {
  if (!std::isfinite(share)) return "–";
  const double value = 100.0 * share;
  // Nearly none is not none, and nearly all not all.
  if (value > 0.0 && value < 0.05) return printed("%.1g %%", value);
  if (value >= 99.5 && value < 100.0) return printed("%.1f %%", std::min(value, 99.9));
  return printed(value > 0.0 && value < 9.95 ? "%.1f %%" : "%.0f %%", value);
}

}  // namespace lorafleet::report
