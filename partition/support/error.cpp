#include "partition/support/error.hpp"

#include <algorithm>
#include <numeric>

namespace lorafleet {

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

std::string question(std::string_view name, std::string_view quote) {
  std::string text = "did you mean ";
  text.append(quote).append(name).append(quote);
  return text + "?";
}

}  // namespace

std::string message_of(const std::exception& error) {
  const std::string text = error.what();
  const std::string message = text.substr(0, text.find("\nException raised from "));
  const std::size_t end = message.find_last_not_of('\n');
  return end == std::string::npos ? text : message.substr(0, end + 1);
}

std::string at_line(std::string_view file, std::size_t line) {
  return std::string(file) + ":" + std::to_string(line);
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const auto& candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view nearest, std::string_view quote) {
  return nearest.empty() ? "" : "; " + question(nearest, quote);
}

std::string did_you_mean_aside(std::string_view nearest, std::string_view quote) {
  return nearest.empty() ? "" : " (" + question(nearest, quote) + ")";
}

std::string join(const std::vector<std::string>& items, std::string_view separator) {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) text += separator;
    text += item;
  }
  return text;
}

}  // namespace lorafleet
