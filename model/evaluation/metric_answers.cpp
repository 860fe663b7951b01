#include <algorithm>

#include "model/evaluation/found_examples.hpp"
#include "model/evaluation/metrics.hpp"
#include "model/evaluation/text_metrics.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

using partition::Example;

bool has_no_answer(const Example& example, Articles articles) {
  const auto answers = answers_of(example);
  return std::all_of(answers.begin(), answers.end(), [&](const std::string& answer) {
    return normalized_answer(answer, articles).empty();
  });
}

/// Where a normalisation leaves nothing of the answers, an empty text is right.
template <Articles articles>
std::vector<std::string> warn_of_answers(const ScoredExamples& examples,
                                         const std::vector<std::string>& names) {
  const FoundExamples found(examples, [](const Example& e) { return has_no_answer(e, articles); });
  if (found.count == 0) return {};
  const bool by_articles =
      articles == Articles::removed && FoundExamples(examples, [](const Example& e) {
                                         return has_no_answer(e, Articles::kept);
                                       }).count < found.count;
  return {
      join(names) + ": nothing is left of the right answers of " + found.of(examples) +
      " without punctuation" + (articles == Articles::removed ? " and articles (a, an, the)" : "") +
      ", so that an empty text gets full marks there (" + found.example() + "); " +
      (by_articles ? "exact_match_with_articles and token_f1_with_articles keep articles, " : "") +
      "exact_match_verbatim keeps everything"};
}

}  // namespace

Metric exact_match() {
  return {.name = "exact_match",
          .judge =
              [](const std::string& text, const Example& example, TextScores& scores) {
                scores["exact_match"] = exact_match(text, answers_of(example));
              },
          .warn = warn_of_answers<Articles::removed>};
}

Metric exact_match_with_articles() {
  return {.name = "exact_match_with_articles",
          .judge =
              [](const std::string& text, const Example& example, TextScores& scores) {
                scores["exact_match_with_articles"] =
                    exact_match(text, answers_of(example), Articles::kept);
              },
          .warn = warn_of_answers<Articles::kept>};
}

Metric exact_match_verbatim() {
  return {.name = "exact_match_verbatim",
          .judge = [](const std::string& text, const Example& example, TextScores& scores) {
            scores["exact_match_verbatim"] = exact_match_verbatim(text, answers_of(example));
          }};
}

Metric token_f1() {
  return {
      .name = "token_f1",
      .judge = [](const std::string& text, const Example& example,
                  TextScores& scores) { scores["token_f1"] = token_f1(text, answers_of(example)); },
      .warn = warn_of_answers<Articles::removed>};
}

Metric token_f1_with_articles() {
  return {.name = "token_f1_with_articles",
          .judge =
              [](const std::string& text, const Example& example, TextScores& scores) {
                scores["token_f1_with_articles"] =
                    token_f1(text, answers_of(example), Articles::kept);
              },
          .warn = warn_of_answers<Articles::kept>};
}

}  // namespace lorafleet::model
