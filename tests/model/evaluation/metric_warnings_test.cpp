#include "model/evaluation/metric_warnings.hpp"

#include <doctest/doctest.h>

using namespace lorafleet;
using namespace lorafleet::model;
using partition::Example;

namespace {

Example answer(const std::string& id, const std::string& target,
               const std::vector<std::string>& references = {},
               const std::vector<std::string>& choices = {}) {
  Example example;
  example.id = id;
  example.target = target;
  example.references = references;
  example.choices = choices;
  return example;
}

std::vector<std::string> warnings(const std::vector<Example>& examples,
                                  const std::vector<std::string>& metrics,
                                  std::int64_t text_examples = 0) {
  EvaluationConfig evaluation;
  evaluation.metrics = metrics;
  evaluation.text_examples = text_examples;
  std::vector<const Example*> scored;
  for (const auto& example : examples)
    scored.push_back(&example);
  return metric_warnings(scored, evaluation);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "answers of which normalisation leaves nothing are counted, once for exact match and F1") {
  const std::vector<Example> examples = {answer("p", "Paris"), answer("q", "A"),
                                         answer("r", "the", {"the end"}), answer("s", "The.")};
  CHECK(
      warnings(examples, {"exact_match", "token_f1"}) ==
      Lines{
          "exact_match, token_f1: nothing is left of the right answers of 2 of 4 examples without "
          "punctuation and articles (a, an, the), so that an empty text gets full marks there "
          "(the first is \"q\", \"A\"); exact_match_with_articles and "
          "token_f1_with_articles keep articles, exact_match_verbatim keeps everything"});
  CHECK(warnings(examples, {"exact_match_with_articles", "exact_match_verbatim", "rouge"}).empty());
  CHECK(warnings(examples, {"exact_match"}, 1).empty());
  const auto signs = warnings({answer("p", "?!")}, {"token_f1", "token_f1_with_articles"});
  REQUIRE(signs.size() == 2);
  CHECK(signs[0].ends_with("(the first is \"p\", \"?!\"); exact_match_verbatim keeps everything"));
  CHECK(signs[1] ==
        "token_f1_with_articles: nothing is left of the right answers of 1 of 1 examples without "
        "punctuation, so that an empty text gets full marks there (the first is \"p\", \"?!\"); "
        "exact_match_verbatim keeps everything");
}

TEST_CASE("targets without ROUGE's words are counted") {
  const std::string sentence = "\xE4\xBD\xA0\xE5\xA5\xBD\xE5\x90\x97";
  CHECK(warnings({answer("p", sentence), answer("q", "x")}, {"rouge"}) ==
        Lines{"rouge: the targets of 1 of 2 examples have no letter a to z and no digit, the only "
              "ones that ROUGE's words are made of, so that every text gets 0 there (the first is "
              "\"p\", \"" +
              sentence + "\")"});
  std::string longer;
  for (int i = 0; i < 50; ++i)
    longer += "\xE4\xBD\xA0";
  CHECK(warnings({answer("p", longer)}, {"rouge"})
            .front()
            .ends_with("\"" + longer.substr(0, std::size_t{3} * 38) + "..\")"));
}

TEST_CASE("examples without choices, or without a right one, are counted") {
  CHECK(
      warnings({answer("p", "x"), answer("q", "x", {}, {"x"})}, {"choice_accuracy"}) ==
      Lines{
          "choice_accuracy: no example has two choices or more, so that there is no such figure"});
  CHECK(
      warnings({answer("p", "x"), answer("q", "Yes", {}, {"yes", "no"})}, {"choice_accuracy"}) ==
      Lines{
          "choice_accuracy: 1 of 2 examples have a target that is not among their choices, and are "
          "left out (the first is \"q\", \"Yes\")"});
  CHECK(warnings({answer("q", "no", {}, {"yes", "no"})}, {"choice_accuracy"}).empty());
}
