#include "scenarios/schema/expectations.hpp"

#include "scenarios/schema/value.hpp"

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
    const std::string nearest = nearest_name(key, known);
    verdict.explanation = key + " is no figure of summary.json" +
                          (nearest.empty() ? "" : "; did you mean " + nearest + "?");
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

}  // namespace

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
