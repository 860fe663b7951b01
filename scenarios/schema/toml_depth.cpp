#include "scenarios/schema/toml_depth.hpp"

#include <algorithm>

namespace lorafleet::scenarios {

namespace {

/// Behind the string that begins at `at`; its form is TOML's: basic or literal, of one or of
/// several lines.
std::size_t end_of_string(std::string_view toml, std::size_t at) {
  const char quote = toml[at];
  const bool long_form =
      toml.substr(at).starts_with(std::string_view(quote == '"' ? "\"\"\"" : "'''"));
  const std::string_view end = toml.substr(at, long_form ? 3 : 1);
  for (std::size_t i = at + end.size(); i < toml.size(); ++i) {
    if (toml[i] == '\\' && quote == '"') {
      ++i;
    } else if (toml.substr(i).starts_with(end)) {
      return i + end.size();
    } else if (toml[i] == '\n' && !long_form) {
      return i;  // not TOML; the parser will say so
    }
  }
  return toml.size();
}

}  // namespace

std::optional<std::size_t> line_of_long_key(std::string_view toml) {
  std::size_t dots = 0;
  for (std::size_t i = 0; i < toml.size();) {
    const char letter = toml[i];
    if (letter == '"' || letter == '\'') {
      i = end_of_string(toml, i);
      continue;
    }
    if (letter == '#') {
      i = std::min(toml.find('\n', i), toml.size());
      continue;
    }
    if (std::string_view("\n=,[]{}").find(letter) != std::string_view::npos) dots = 0;
    if (letter == '.' && ++dots >= kMostKeyParts) {
      const auto here = toml.begin() + static_cast<std::ptrdiff_t>(i);
      return static_cast<std::size_t>(std::count(toml.begin(), here, '\n')) + 1;
    }
    ++i;
  }
  return std::nullopt;
}

}  // namespace lorafleet::scenarios
