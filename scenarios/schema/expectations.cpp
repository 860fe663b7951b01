#include "scenarios/schema/expectations.hpp"

#include "partition/support/error.hpp"

namespace lorafleet::scenarios {

namespace {

Verdict judge_bound(const std::string& key, double bound, bool below,
                    const std::map<std::string, double>& figures) {
  Verdict verdict;
  verdict.expected = key + (below ? " below " : " above ") + number_text(bound);
  const auto found = figures.find(key);
  if (found == figures.end()) {
    std::vector<std::string> known;
    for (const auto& figure : figures)
      known.push_back(figure.first);
    verdict.explanation =
        key + " is no figure of summary.json" + did_you_mean(nearest_name(key, known));
    return verdict;
  }
  verdict.value = found->second;
  verdict.met = below ? found->second < bound : found->second > bound;
  if (!verdict.met) {
    verdict.explanation = key + " is " + number_text(found->second) + ", not " +
                          (below ? "below " : "above ") + number_text(bound);
  }
  return verdict;
}

std::optional<double> number_at(const Value& table, std::string_view key) {
  const Value* value = table.find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* whole = std::get_if<std::int64_t>(&value->data))
    return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&value->data)) return *real;
  return std::nullopt;
}

}  // namespace

std::vector<Expectation> expectations_in(const Value& document) {
  std::vector<Expectation> expectations;
  const Value* section = document.find("expect");
  if (section == nullptr || section->table() == nullptr) return expectations;
  for (const auto& entry : *section->table()) {
    if (entry.value.table() == nullptr) continue;
    expectations.push_back(
        {entry.key, number_at(entry.value, "below"), number_at(entry.value, "above")});
  }
  return expectations;
}

std::vector<Verdict> judge(const std::vector<Expectation>& expectations,
                           const std::map<std::string, double>& figures) {
  std::vector<Verdict> verdicts;
  for (const auto& expectation : expectations) {
    if (expectation.below) {
      verdicts.push_back(judge_bound(expectation.key, *expectation.below, true, figures));
    }
    if (expectation.above) {
      verdicts.push_back(judge_bound(expectation.key, *expectation.above, false, figures));
    }
  }
  return verdicts;
}

}  // namespace lorafleet::scenarios
