#include "scenarios/schema/report.hpp"

#include <algorithm>
#include <tuple>

#include "partition/support/error.hpp"
#include "scenarios/schema/scenario.hpp"

namespace lorafleet::scenarios {

namespace {

bool is_part_of(std::string_view inner, std::string_view outer) {
  return inner == outer || (inner.starts_with(outer) && inner[outer.size()] == '.');
}

}  // namespace

void Report::error(const Place& place, const std::string& key, const std::string& message) {
  errors_.push_back({place, key, message});
}

void Report::warning(const Place& place, const std::string& key, const std::string& message) {
  warnings_.push_back({place, key, message});
}

bool Report::is_bad(std::string_view key) const {
  return std::any_of(errors_.begin(), errors_.end(), [&](const Remark& remark) {
    return is_part_of(remark.key, key) || is_part_of(key, remark.key);
  });
}

void Report::throw_errors() const {
  if (!errors_.empty()) throw ScenarioError(lines(errors_));
}

std::vector<std::string> Report::lines(std::vector<Remark> remarks) {
  std::stable_sort(remarks.begin(), remarks.end(), [](const Remark& a, const Remark& b) {
    const auto order = [](const Remark& r) {
      return std::tuple(r.place.on_command_line(), r.place.line, r.place.column);
    };
    return order(a) < order(b);
  });
  std::vector<std::string> lines;
  for (const auto& remark : remarks) {
    lines.push_back(remark.place.text() + ": " + remark.key + ": " + remark.message);
  }
  return lines;
}

std::string with_hints(const std::string& what, const std::string& allowed,
                       const std::string& nearest) {
  std::string text = what;
  if (!allowed.empty()) text += "; allowed: " + allowed;
  return text + did_you_mean(nearest);
}

}  // namespace lorafleet::scenarios
