#include "model/evaluation/text_scorer.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "model/evaluation/sequence_scores.hpp"
#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_device.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using doctest::Approx;
using partition::Example;

namespace {

/// The shipped base with its tokenizer.
struct Mini {
  BaseModelPtr base;
  std::shared_ptr<const ExampleEncoder> encoder;
};

const Mini& mini() {
  static const Mini loaded = [] {
    const auto folder = tests::source_folder() / "scenarios" / "base" / "opt-mini";
    const auto base = BaseModel::load({folder, "float32"}, tests::test_device());
    EncodingConfig encoding;
    encoding.prompt_template = "plain";
    return Mini{base, std::make_shared<const ExampleEncoder>(Tokenizer::load(folder), encoding,
                                                             base->shape())};
  }();
  return loaded;
}

/// Says that it was asked for the likelihood alone.
class StubScorer final : public Scorer {
 public:
  [[nodiscard]] Evaluation evaluate(const AdapterPtr&) const override {
    Evaluation evaluation;
    evaluation.total.examples = 7;
    return evaluation;
  }
};

Evaluation score(const std::vector<Example>& examples, const std::vector<std::string>& metrics,
                 std::int64_t text_examples = 0) {
  EvaluationConfig config;
  config.metrics = metrics;
  config.text_examples = text_examples;
  config.max_new_tokens = 8;
  return make_text_scorer(std::make_shared<StubScorer>(), mini().base, mini().encoder, examples,
                          config, 1)
      ->evaluate_fully(nullptr);
}

Example question(const std::string& id, const std::string& instruction, const std::string& target,
                 const std::vector<std::string>& choices = {}) {
  Example example;
  example.id = id;
  example.instruction = instruction;
  example.target = target;
  example.choices = choices;
  return example;
}

double loss_of(const Example& example, const std::string& choice) {
  const auto sequence = mini().encoder->encode(example, choice);
  EncodedData data;
  data.add(sequence->tokens, sequence->labels, 0);
  const Indices all = {0};
  return score_sequences(*mini().base, nullptr, data, all, 4096).at(0).loss_sum;
}

}  // namespace

TEST_CASE("texts are judged against the target and the references") {
  std::vector<Example> examples = {
      question("a", "It is a truth universally acknowledged, that", "nothing like it"),
      question("b", "The king of England", "qqq")};
  const std::string written = score(examples, {"exact_match"}).predictions.at(0).text;
  REQUIRE_FALSE(written.empty());
  examples[0].target = written;
  const auto found = score(examples, {"exact_match", "token_f1", "rouge"});
  CHECK(found.total.examples == 7);
  CHECK(found.predictions.at(0).id == "a");
  CHECK(found.predictions.at(0).scores.at("exact_match") == 1.0);
  CHECK(found.predictions.at(0).scores.at("rouge_l") == Approx(1.0));
  CHECK(found.metrics.at("exact_match") == 0.5);
  CHECK(found.metrics.at("token_f1") == Approx(0.5));

  examples[0].target = "something else";
  examples[0].references = {"more", written};
  CHECK(score(examples, {"exact_match"}).metrics.at("exact_match") == 0.5);
}

TEST_CASE("the most likely choice wins, by the sum of its tokens' log-probabilities") {
  const std::vector<std::string> choices = {"yes", "no", "of the house and the garden"};
  Example example = question("a", "Is the sea blue?", "yes", choices);
  std::string best = choices[0];
  for (const auto& choice : choices) {
    if (loss_of(example, choice) < loss_of(example, best)) best = choice;
  }
  CHECK(score({example}, {"choice_accuracy"}).predictions.at(0).choice == best);
  for (const auto& target : choices) {
    example.target = target;
    const auto found = score({example}, {"choice_accuracy"});
    CHECK(found.metrics.at("choice_accuracy") == (target == best ? 1.0 : 0.0));
    CHECK(found.predictions.at(0).text.empty());
  }
}

TEST_CASE("of equal choices the first wins; accuracy by bytes can choose another") {
  const Example twice = question("a", "Is it?", "no", {"no", "no"});
  CHECK(score({twice}, {"choice_accuracy"}).predictions.at(0).choice == "no");

  const std::vector<std::string> choices = {"a", "something rather long"};
  const Example uneven = question("a", "Say", choices[1], choices);
  const bool by_bytes = loss_of(uneven, choices[1]) / static_cast<double>(choices[1].size()) <
                        loss_of(uneven, choices[0]);
  CHECK(score({uneven}, {"choice_accuracy"}).metrics.at("choice_accuracy_norm") ==
        (by_bytes ? 1.0 : 0.0));
}

TEST_CASE("choice_f1 is that of the second choice as the positive class") {
  const std::vector<std::string> choices = {"no", "yes"};
  std::vector<Example> examples;
  for (int i = 0; i < 6; ++i) {
    examples.push_back(question(std::to_string(i), "Number " + std::to_string(i) + "?",
                                i % 2 == 0 ? "yes" : "no", choices));
  }
  const auto found = score(examples, {"choice_accuracy"});
  double hits = 0.0;
  double chosen = 0.0;
  for (const auto& prediction : found.predictions) {
    chosen += prediction.choice == "yes" ? 1.0 : 0.0;
    hits += prediction.choice == "yes" && prediction.target == "yes" ? 1.0 : 0.0;
  }
  const double expected = hits == 0.0 ? 0.0 : 2.0 * hits / (chosen + 3.0);
  CHECK(found.metrics.at("choice_f1") == Approx(expected));
  examples.push_back(question("x", "?", "a", {"a", "b"}));
  CHECK_FALSE(score(examples, {"choice_accuracy"}).metrics.contains("choice_f1"));
}

TEST_CASE("only so many examples are used, and those without choices choose nothing") {
  const std::vector<Example> examples = {question("a", "One", "1"), question("b", "Two", "2"),
                                         question("c", "Three", "3")};
  const auto found = score(examples, {"choice_accuracy", "rouge"}, 2);
  CHECK(found.predictions.size() == 2);
  CHECK_FALSE(found.metrics.contains("choice_accuracy"));
  CHECK(found.metrics.contains("rouge_1"));
}

TEST_CASE("a prompt that leaves no room is judged as an empty text") {
  Example example = question("a", "", "words");
  for (int i = 0; i < 400; ++i)
    example.instruction += "long ";
  const auto found = score({example}, {"exact_match"});
  CHECK(found.predictions.at(0).text.empty());
  CHECK(found.metrics.at("exact_match") == 0.0);
}

TEST_CASE("an unknown metric is refused with what is allowed") {
  CHECK_THROWS_WITH_AS(score({}, {"bleu"}),
                       "evaluation.metrics: \"bleu\" is not known; known: rouge, exact_match, "
                       "exact_match_with_articles, exact_match_verbatim, token_f1, "
                       "token_f1_with_articles, choice_accuracy",
                       InputError);
}

TEST_CASE("an example whose target is not among its choices chooses nothing") {
  const std::vector<Example> examples = {question("a", "Is it?", "Yes", {"yes", "no"}),
                                         question("b", "Is it?", "yes", {"yes", "no"})};
  const auto found = score(examples, {"choice_accuracy"});
  CHECK(found.predictions.at(0).choice.empty());
  CHECK_FALSE(found.predictions.at(0).scores.contains("choice_accuracy"));
  CHECK(found.metrics.at("choice_accuracy") ==
        (found.predictions.at(1).choice == "yes" ? 1.0 : 0.0));
}

TEST_CASE("the metrics that keep articles, or everything, have figures of their own") {
  const auto found = score({question("a", "The sea is", "the")},
                           {"exact_match", "exact_match_with_articles", "exact_match_verbatim",
                            "token_f1", "token_f1_with_articles"});
  CHECK(found.metrics.size() == 5);
  CHECK(found.metrics.at("exact_match_with_articles") <= found.metrics.at("exact_match"));
}
