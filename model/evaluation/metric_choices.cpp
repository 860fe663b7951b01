#include "model/evaluation/found_examples.hpp"
#include "model/evaluation/metrics.hpp"

namespace lorafleet::model {
namespace {

using partition::Example;

std::vector<std::string> warn_of_choices(const ScoredExamples& examples,
                                         const std::vector<std::string>&) {
  std::vector<std::string> warnings;
  const FoundExamples asked(examples, [](const Example& e) { return e.choices.size() >= 2; });
  if (asked.count == 0) {
    warnings.emplace_back(
        "choice_accuracy: no example has two choices or more, so that there is no such figure");
  }
  const FoundExamples wrong(
      examples, [](const Example& e) { return e.choices.size() >= 2 && !names_target(e); });
  if (wrong.count > 0) {
    warnings.push_back("choice_accuracy: " + wrong.of(examples) +
                       " have a target that is not among their choices, and are left out (" +
                       wrong.example() + ")");
  }
  return warnings;
}

}  // namespace

Metric choice_accuracy() {
  return {.name = "choice_accuracy", .warn = warn_of_choices};
}

}  // namespace lorafleet::model
