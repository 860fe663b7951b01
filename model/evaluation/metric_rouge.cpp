#include "model/evaluation/found_examples.hpp"
#include "model/evaluation/metrics.hpp"
#include "model/evaluation/text_metrics.hpp"

namespace lorafleet::model {
namespace {

using partition::Example;

void judge_rouge(const std::string& text, const Example& example, TextScores& scores) {
  scores["rouge_1"] = rouge_n(text, example.target, 1).f1;
  scores["rouge_2"] = rouge_n(text, example.target, 2).f1;
  scores["rouge_l"] = rouge_l(text, example.target).f1;
}

/// A target without one of ROUGE's words gives every text 0.
std::vector<std::string> warn_of_rouge(const ScoredExamples& examples,
                                       const std::vector<std::string>&) {
  const FoundExamples found(examples, [](const Example& e) { return !has_rouge_words(e.target); });
  if (found.count == 0) return {};
  return {"rouge: the targets of " + found.of(examples) +
          " have no letter a to z and no digit, the only ones that ROUGE's words are made of, so "
          "that every text gets 0 there (" +
          found.example() + ")"};
}

}  // namespace

Metric rouge() {
  return {.name = "rouge", .judge = judge_rouge, .warn = warn_of_rouge};
}

}  // namespace lorafleet::model
