#include "model/evaluation/metrics.hpp"

#include <algorithm>

#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

using partition::Example;

void judge_rouge(const std::string& text, const Example& example, TextScores& scores) {
  scores["rouge_1"] = rouge_n(text, example.target, 1).f1;
  scores["rouge_2"] = rouge_n(text, example.target, 2).f1;
  scores["rouge_l"] = rouge_l(text, example.target).f1;
}

const Metric* find(const std::string& name) {
  const auto found = std::find_if(metrics().begin(), metrics().end(),
                                  [&](const Metric& metric) { return metric.name == name; });
  return found == metrics().end() ? nullptr : &*found;
}

}  // namespace

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> all = {
      {"rouge", judge_rouge, true},
      {"exact_match",
       [](const std::string& text, const Example& example, TextScores& scores) {
         scores["exact_match"] = exact_match(text, answers_of(example));
       },
       false, Articles::removed},
      {"exact_match_with_articles",
       [](const std::string& text, const Example& example, TextScores& scores) {
         scores["exact_match_with_articles"] =
             exact_match(text, answers_of(example), Articles::kept);
       },
       false, Articles::kept},
      {"exact_match_verbatim",
       [](const std::string& text, const Example& example, TextScores& scores) {
         scores["exact_match_verbatim"] = exact_match_verbatim(text, answers_of(example));
       }},
      {"token_f1",
       [](const std::string& text, const Example& example, TextScores& scores) {
         scores["token_f1"] = token_f1(text, answers_of(example));
       },
       false, Articles::removed},
      {"token_f1_with_articles",
       [](const std::string& text, const Example& example, TextScores& scores) {
         scores["token_f1_with_articles"] = token_f1(text, answers_of(example), Articles::kept);
       },
       false, Articles::kept},
      {"choice_accuracy", nullptr}};
  return all;
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const Metric& metric : metrics())
    names.push_back(metric.name);
  return names;
}

std::vector<const Metric*> metrics_named(const std::vector<std::string>& names) {
  std::vector<const Metric*> found;
  for (const std::string& name : names) {
    found.push_back(find(name));
    if (found.back() == nullptr) {
      throw InputError("evaluation.metrics",
                       "\"" + name + "\" is not known; allowed: " + join(metric_names()));
    }
  }
  return found;
}

bool generates_text(const std::string& metric) {
  const Metric* found = find(metric);
  return found != nullptr && found->judge != nullptr;
}

std::vector<std::string> answers_of(const Example& example) {
  std::vector<std::string> answers = {example.target};
  answers.insert(answers.end(), example.references.begin(), example.references.end());
  return answers;
}

}  // namespace lorafleet::model
