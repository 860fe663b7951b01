#include "model/evaluation/metric_warnings.hpp"

#include <algorithm>

namespace lorafleet::model {
namespace {

/// A warning, and the metrics that share it.
struct Shared {
  decltype(Metric::warn) warn = nullptr;
  std::size_t metrics = 0;
  std::vector<std::string> asked;  ///< of these, those of the run
};

std::vector<Shared> shared_warnings(const std::vector<std::string>& names) {
  std::vector<Shared> all;
  for (const Metric& metric : metrics().entries()) {
    if (metric.warn == nullptr) continue;
    auto found = std::find_if(all.begin(), all.end(),
                              [&](const Shared& shared) { return shared.warn == metric.warn; });
    if (found == all.end()) found = all.insert(all.end(), {metric.warn, 0, {}});
    ++found->metrics;
    if (std::find(names.begin(), names.end(), metric.name) != names.end())
      found->asked.push_back(metric.name);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Shared& a, const Shared& b) { return a.metrics > b.metrics; });
  return all;
}

}  // namespace

std::vector<std::string> metric_warnings(const ScoredExamples& scored,
                                         const EvaluationConfig& evaluation) {
  ScoredExamples examples = scored;
  if (evaluation.text_examples > 0) {
    examples.resize(std::min(examples.size(), static_cast<std::size_t>(evaluation.text_examples)));
  }
  std::vector<std::string> warnings;
  for (const Shared& shared : shared_warnings(evaluation.metrics)) {
    if (shared.asked.empty()) continue;
    for (auto& line : shared.warn(examples, shared.asked))
      warnings.push_back(std::move(line));
  }
  return warnings;
}

}  // namespace lorafleet::model
