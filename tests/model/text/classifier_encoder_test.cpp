#include "model/text/classifier_encoder.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using Ids = std::vector<std::int32_t>;

namespace {

TokenizerPtr mini() {
  static const TokenizerPtr loaded =
      Tokenizer::load(tests::source_folder() / "scenarios" / "base" / "opt-mini");
  return loaded;
}

ClassifierShape two_classes() {
  return {2, 0, 2, "classifier", {}};
}

partition::Example pair_of(std::string first, std::string second) {
  partition::Example example;
  example.texts = {std::move(first), std::move(second)};
  example.classes = {"no", "yes"};
  example.target = "yes";
  return example;
}

std::pair<std::size_t, std::size_t> kept(std::size_t first, std::size_t second, std::size_t limit) {
  const KeptTokens tokens = longest_first(first, second, limit);
  return {tokens.first, tokens.second};
}

}  // namespace

TEST_CASE("of two texts the longer one is cut, and both where that is not enough") {
  using Pair = std::pair<std::size_t, std::size_t>;
  CHECK(kept(3, 4, 7) == Pair{3, 4});
  CHECK(kept(3, 9, 7) == Pair{3, 4});
  CHECK(kept(9, 3, 7) == Pair{4, 3});
  CHECK(kept(9, 8, 7) == Pair{4, 3});
  CHECK(kept(8, 9, 7) == Pair{3, 4});
  CHECK(kept(8, 8, 6) == Pair{3, 3});
  CHECK(kept(5, 1, 0) == Pair{0, 0});
}

TEST_CASE("texts stand between the special tokens of a RoBERTa") {
  CHECK(framed(two_classes(), std::vector<Ids>{{7, 8}}) == Ids{0, 7, 8, 2});
  CHECK(framed(two_classes(), std::vector<Ids>{{7, 8}, {9}}) == Ids{0, 7, 8, 2, 2, 9, 2});
}

TEST_CASE("an example becomes its texts and the number of its class") {
  const ClassifierEncoder encoder(mini(), two_classes(), Truncation::cut_context_right);
  const auto example = pair_of("a red animal", "it is red");
  const auto sequence = encoder.encode(example, example.target, 100);
  REQUIRE(sequence);
  CHECK(sequence->tokens == framed(two_classes(), std::vector<Ids>{mini()->encode("a red animal"),
                                                                   mini()->encode("it is red")}));
  CHECK(sequence->label == 1);
  CHECK(sequence->labels.empty());
  CHECK(encoder.encode(example, "no", 100)->label == 0);
  CHECK_THROWS_WITH_AS(encoder.encode(example, "maybe", 100),
                       "data: the target \"maybe\" is none of the classes: no, yes", InputError);

  partition::Example other;
  other.instruction = "a red animal";
  other.choices = {"yes", "no"};
  const auto single = encoder.encode(other, "yes", 100);
  REQUIRE(single);
  CHECK(single->tokens == framed(two_classes(), std::vector<Ids>{mini()->encode("a red animal")}));
  CHECK(single->label == 0);
}

TEST_CASE("what is too long loses the ends or the beginnings of its texts, or is dropped") {
  const auto example = pair_of("one two three four five six", "seven eight");
  const Ids first = mini()->encode("one two three four five six");
  const Ids second = mini()->encode("seven eight");
  const std::size_t limit = second.size() + 2 + 4;  // two tokens of the first text fit
  REQUIRE(first.size() > second.size() + 2);
  const auto cut = [&](Truncation truncation) {
    return ClassifierEncoder(mini(), two_classes(), truncation)
        .encode(example, example.target, limit);
  };
  const KeptTokens tokens = longest_first(first.size(), second.size(), limit - 4);
  const Ids right_a(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(tokens.first));
  const Ids right_b(second.begin(), second.begin() + static_cast<std::ptrdiff_t>(tokens.second));
  const Ids left_a(first.end() - static_cast<std::ptrdiff_t>(tokens.first), first.end());
  const Ids left_b(second.end() - static_cast<std::ptrdiff_t>(tokens.second), second.end());
  const auto right = cut(Truncation::cut_context_right);
  REQUIRE(right);
  CHECK(right->tokens == framed(two_classes(), std::vector<Ids>{right_a, right_b}));
  CHECK(right->tokens.size() == limit);
  CHECK(right->tokens_cut == first.size() + second.size() + 4 - limit);
  CHECK(cut(Truncation::cut_context_left)->tokens ==
        framed(two_classes(), std::vector<Ids>{left_a, left_b}));
  CHECK_FALSE(cut(Truncation::drop));
}

TEST_CASE("a tokenizer that stands otherwise around two texts is warned of") {
  const std::string own =
      "{\"type\": \"RobertaProcessing\", \"cls\": [\"<s>\", 0], \"sep\": [\"</s>\", 2]}";
  const auto warnings = [](const std::string& post_processor) {
    const tests::TemporaryFolder folder;
    const auto mini = tests::source_folder() / "scenarios" / "base" / "opt-mini";
    auto files = nlohmann::json::parse(read_file(mini / "tokenizer.json"));
    files["post_processor"] = nlohmann::json::parse(post_processor);
    write_file(folder / "tokenizer.json", files.dump());
    return ClassifierEncoder(Tokenizer::load(folder.path()), two_classes(), Truncation::drop)
        .warnings();
  };
  CHECK(warnings("null").empty());
  CHECK(warnings(own).empty());
  const auto bert =
      warnings("{\"type\": \"BertProcessing\", \"cls\": [\"<s>\", 0], \"sep\": [\"</s>\", 2]}");
  REQUIRE(bert.size() == 1);
  CHECK(bert[0].find("(0, 2, 2), and config.json's") != std::string::npos);
  CHECK(bert[0].ends_with("(0, 2, 2, 2), which is used"));
}
