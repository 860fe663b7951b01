#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "partition/support/formatted.hpp"
#include "partition/support/numbers.hpp"
#include "partition/support/printable.hpp"
#include "tools/terminal/columns.hpp"

namespace lorafleet::tools {

/// "0:01:07", "1d 02:00:00": seconds as h:mm:ss, rounded down.
inline std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::max(0.0, std::min(seconds, 1e15)));
  const int s = static_cast<int>(whole % 60);
  const int m = static_cast<int>(whole / 60 % 60);
  const int h = static_cast<int>(whole / 3600 % 24);
  const long long d = whole / 86400;
  return d > 0 ? formatted("%lldd %02d:%02d:%02d", d, h, m, s) : formatted("%d:%02d:%02d", h, m, s);
}

/// `value` with so many digits after the point.
inline std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

/// Three significant figures or more: "352.1", "63.4", "2.17", "0.00042".
inline std::string figure(double value) {
  const double size = std::abs(value);
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (size >= 1e4 && size < 1e15) return grouped(std::llround(value));
  if (size >= 10.0 && size < 1e4) return fixed(value, 1);
  if (size >= 0.1) return size < 10.0 ? fixed(value, 3) : fixed(value, 0);
  return formatted("%.3g", value);
}

/// "412 MB": decimal megabytes.
inline std::string megabytes(double bytes) {
  return grouped(std::llround(bytes / 1e6)) + " MB";
}

/// Columns padded to their widest cell, two spaces apart; the first column left, the others right.
/// Control characters are replaced.
inline std::string aligned(std::vector<std::vector<std::string>> rows) {
  for (auto& row : rows) {
    for (auto& cell : row)
      cell = printable(cell);
  }
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - columns_of(row[i]), ' ');
      line += i == 0 ? row[i] + padding : "  " + padding + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace lorafleet::tools
