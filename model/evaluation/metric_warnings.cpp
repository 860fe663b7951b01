#include "model/evaluation/metric_warnings.hpp"

#include <algorithm>
#include <functional>

#include "model/evaluation/metrics.hpp"
#include "partition/support/error.hpp"
#include "partition/support/printable.hpp"

namespace lorafleet::model {
namespace {

using partition::Example;
using Examples = std::vector<const Example*>;

/// How many examples are of a kind, and the first of them.
struct Found {
  std::size_t count = 0;
  const Example* first = nullptr;

  Found(const Examples& examples, const std::function<bool(const Example&)>& is) {
    for (const Example* example : examples) {
      if (!is(*example)) continue;
      ++count;
      if (first == nullptr) first = example;
    }
  }

  [[nodiscard]] std::string of(const Examples& examples) const {
    return std::to_string(count) + " of " + std::to_string(examples.size()) + " examples";
  }
  /// The first one's name and the beginning of its target.
  [[nodiscard]] std::string example() const {
    constexpr std::size_t kLongest = 40;
    return "the first is \"" + short_name(first->id, kLongest) + "\", \"" +
           short_name(first->target, kLongest) + "\"";
  }
};

bool has_no_answer(const Example& example, Articles articles) {
  const auto answers = answers_of(example);
  return std::all_of(answers.begin(), answers.end(), [&](const std::string& answer) {
    return normalized_answer(answer, articles).empty();
  });
}

void warn_of_answers(const Examples& examples, const std::vector<std::string>& names,
                     Articles articles, std::vector<std::string>& warnings) {
  std::vector<std::string> used;
  for (const Metric& metric : metrics()) {
    const bool asked = std::find(names.begin(), names.end(), metric.name) != names.end();
    if (asked && metric.normalises == articles) used.push_back(metric.name);
  }
  if (used.empty()) return;
  const Found found(examples, [&](const Example& e) { return has_no_answer(e, articles); });
  if (found.count == 0) return;
  const bool by_articles =
      articles == Articles::removed && Found(examples, [](const Example& e) {
                                         return has_no_answer(e, Articles::kept);
                                       }).count < found.count;
  warnings.push_back(
      join(used) + ": nothing is left of the right answers of " + found.of(examples) +
      " without punctuation" + (articles == Articles::removed ? " and articles (a, an, the)" : "") +
      ", so that an empty text gets full marks there (" + found.example() + "); " +
      (by_articles ? "exact_match_with_articles and token_f1_with_articles keep articles, " : "") +
      "exact_match_verbatim keeps everything");
}

void warn_of_rouge(const Examples& examples, std::vector<std::string>& warnings) {
  const Found found(examples, [](const Example& e) { return !has_rouge_words(e.target); });
  if (found.count == 0) return;
  warnings.push_back("rouge: the targets of " + found.of(examples) +
                     " have no letter a to z and no digit, the only ones that ROUGE's words are "
                     "made of, so that every text gets 0 there (" +
                     found.example() + ")");
}

void warn_of_choices(const Examples& examples, std::vector<std::string>& warnings) {
  const Found asked(examples, [](const Example& e) { return e.choices.size() >= 2; });
  if (asked.count == 0) {
    warnings.emplace_back(
        "choice_accuracy: no example has two choices or more, so that there is no such figure");
  }
  const Found wrong(examples,
                    [](const Example& e) { return e.choices.size() >= 2 && !names_target(e); });
  if (wrong.count == 0) return;
  warnings.push_back("choice_accuracy: " + wrong.of(examples) +
                     " have a target that is not among their choices, and are left out (" +
                     wrong.example() + ")");
}

}  // namespace

bool names_target(const Example& example) {
  return std::find(example.choices.begin(), example.choices.end(), example.target) !=
         example.choices.end();
}

std::vector<std::string> metric_warnings(const Examples& scored,
                                         const EvaluationConfig& evaluation) {
  Examples examples = scored;
  if (evaluation.text_examples > 0) {
    examples.resize(std::min(examples.size(), static_cast<std::size_t>(evaluation.text_examples)));
  }
  const auto& names = evaluation.metrics;
  const auto asks_for = [&](bool (*is)(const Metric&)) {
    return std::any_of(metrics().begin(), metrics().end(), [&](const Metric& metric) {
      return is(metric) && std::find(names.begin(), names.end(), metric.name) != names.end();
    });
  };
  std::vector<std::string> warnings;
  warn_of_answers(examples, names, Articles::removed, warnings);
  warn_of_answers(examples, names, Articles::kept, warnings);
  if (asks_for([](const Metric& metric) { return metric.needs_rouge_words; })) {
    warn_of_rouge(examples, warnings);
  }
  if (asks_for([](const Metric& metric) { return metric.judge == nullptr; })) {
    warn_of_choices(examples, warnings);
  }
  return warnings;
}

}  // namespace lorafleet::model
