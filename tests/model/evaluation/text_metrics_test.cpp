#include "model/evaluation/text_metrics.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet::model;
using doctest::Approx;

TEST_CASE("ROUGE-1 and ROUGE-2 by hand") {
  // words: the cat sat on the mat / the cat was on the mat
  const char* text = "The cat sat on the mat.";
  const char* reference = "the cat was on the mat";
  const Overlap one = rouge_n(text, reference, 1);
  CHECK(one.precision == Approx(5.0 / 6.0));
  CHECK(one.recall == Approx(5.0 / 6.0));
  const Overlap two = rouge_n(text, reference, 2);  // the cat, on the, the mat
  CHECK(two.f1 == Approx(3.0 / 5.0));
  const Overlap shorter = rouge_n("the the the cat", "the cat sat down", 1);  // clipped: the, cat
  CHECK(shorter.precision == Approx(2.0 / 4.0));
  CHECK(shorter.recall == Approx(2.0 / 4.0));
  const Overlap uneven = rouge_n("cat", "the cat sat", 1);
  CHECK(uneven.precision == Approx(1.0));
  CHECK(uneven.recall == Approx(1.0 / 3.0));
  CHECK(uneven.f1 == Approx(0.5));
}

TEST_CASE("ROUGE-L by hand") {
  // longest common subsequence: police the gunman (3), of 4 words each
  CHECK(rouge_l("police kill the gunman", "police killed the gunman").f1 == Approx(0.75));
  CHECK(rouge_l("the gunman police killed", "police killed the gunman").f1 == Approx(0.5));
  const Overlap uneven = rouge_l("a b c d e", "b d");
  CHECK(uneven.precision == Approx(2.0 / 5.0));
  CHECK(uneven.recall == Approx(1.0));
}

TEST_CASE("ROUGE's words are runs of a-z and 0-9, lower-cased, not stemmed") {
  CHECK(rouge_n("Co-operate, 42!", "co operate 42", 1).f1 == Approx(1.0));
  CHECK(rouge_n("runs", "run", 1).f1 == 0.0);
  CHECK(rouge_n("na\xC3\xAFve", "na ve", 1).f1 == Approx(1.0));
}

TEST_CASE("ROUGE of texts without words, or shorter than n, is 0") {
  CHECK(rouge_n("", "", 1).f1 == 0.0);
  CHECK(rouge_n("...", "a", 1).f1 == 0.0);
  CHECK(rouge_n("one", "one", 2).f1 == 0.0);
  CHECK(rouge_l("", "a b").f1 == 0.0);
}

TEST_CASE("answers are normalised as SQuAD does") {
  CHECK(normalized_answer("  The  Eiffel-Tower,\tin an old PARIS! ") == "eiffeltower in old paris");
  CHECK(normalized_answer("a") == "");
  CHECK(normalized_answer("theatre") == "theatre");
}

TEST_CASE("exact match takes the best of the answers") {
  CHECK(exact_match("The Paris.", {"london", "paris"}) == 1.0);
  CHECK(exact_match("Paris, France", {"paris"}) == 0.0);
  CHECK(exact_match("the", {""}) == 1.0);
}

TEST_CASE("token F1 by hand") {
  CHECK(token_f1("in the city of Paris", {"Paris"}) == Approx(2.0 * 0.25 * 1.0 / 1.25));
  CHECK(token_f1("red red fox", {"red fox fox"}) == Approx(2.0 / 3.0));
  CHECK(token_f1("Paris", {"London", "Paris, France"}) == Approx(2.0 / 3.0));
  CHECK(token_f1("", {""}) == 1.0);
  CHECK(token_f1("", {"x"}) == 0.0);
  CHECK(token_f1("the", {"x"}) == 0.0);
}

namespace {

/// The lines of the golden file that have `key`.
std::vector<nlohmann::json> golden_rows(const std::string& key) {
  std::vector<nlohmann::json> found;
  std::istringstream lines(lorafleet::read_file(lorafleet::tests::source_folder() /
                                                "tests/golden/metrics/answers.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    auto entry = nlohmann::json::parse(line);
    if (entry.contains(key)) found.push_back(std::move(entry));
  }
  REQUIRE(found.size() > 20);
  return found;
}

}  // namespace

TEST_CASE("texts of all scripts are normalised as SQuAD's rules are in Python") {
  for (const auto& entry : golden_rows("text")) {
    const auto text = entry.at("text").get<std::string>();
    CAPTURE(entry.dump());
    CHECK(normalized_answer(text) == entry.at("normalized").get<std::string>());
    CHECK(normalized_answer(text, Articles::kept) == entry.at("with_articles").get<std::string>());
    const auto words = entry.at("rouge").get<std::vector<std::string>>();
    CHECK(has_rouge_words(text) == !words.empty());
    CHECK(rouge_l(text, lorafleet::join(words, " ")).f1 == (words.empty() ? 0.0 : 1.0));
  }
}

TEST_CASE("exact match and F1 agree with SQuAD 2.0's, answers that come to nothing included") {
  for (const auto& entry : golden_rows("prediction")) {
    const auto text = entry.at("prediction").get<std::string>();
    const auto answers = entry.at("answers").get<std::vector<std::string>>();
    CAPTURE(entry.dump());
    CHECK(exact_match(text, answers) == entry.at("exact").get<double>());
    CHECK(token_f1(text, answers) == Approx(entry.at("f1").get<double>()));
    CHECK(exact_match(text, answers, Articles::kept) ==
          entry.at("exact_with_articles").get<double>());
    CHECK(token_f1(text, answers, Articles::kept) ==
          Approx(entry.at("f1_with_articles").get<double>()));
  }
}

TEST_CASE("verbatim, only white space is passed over") {
  CHECK(exact_match_verbatim(" -5\n", {"5", "-5"}) == 1.0);
  CHECK(exact_match_verbatim("5", {"-5"}) == 0.0);
  CHECK(exact_match_verbatim("The  Who", {"The\xC2\xA0Who"}) == 1.0);
  CHECK(exact_match_verbatim("the Who", {"The Who"}) == 0.0);
  CHECK(exact_match_verbatim("", {"A"}) == 0.0);
}

TEST_CASE("bytes that are no UTF-8 are judged, not refused") {
  CHECK(exact_match("\xC3 paris", {"\xC3 Paris"}) == 1.0);
  CHECK(rouge_n("\xFFparis\xC3", "paris", 1).f1 == Approx(1.0));
}
