#include "model/evaluation/metrics.hpp"

#include <algorithm>

namespace lorafleet::model {

using partition::Example;

Metric rouge();
Metric exact_match();
Metric exact_match_with_articles();
Metric exact_match_verbatim();
Metric token_f1();
Metric token_f1_with_articles();
Metric choice_accuracy();

const Registry<Metric>& metrics() {
  static const Registry<Metric> kRegistry(
      "evaluation.metrics",
      {rouge(), exact_match(), exact_match_with_articles(), exact_match_verbatim(), token_f1(),
       token_f1_with_articles(), choice_accuracy()});
  return kRegistry;
}

bool generates_text(const std::string& metric) {
  const Metric* found = metrics().find(metric);
  return found != nullptr && found->judge != nullptr;
}

std::vector<std::string> answers_of(const Example& example) {
  std::vector<std::string> answers = {example.target};
  answers.insert(answers.end(), example.references.begin(), example.references.end());
  return answers;
}

bool names_target(const Example& example) {
  return std::find(example.choices.begin(), example.choices.end(), example.target) !=
         example.choices.end();
}

}  // namespace lorafleet::model
