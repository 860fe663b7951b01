#include <doctest/doctest.h>

#include "tests/partition/formats/data_reading.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::Reading;

namespace {

const char* const kPublished = R"({"version": "v2.0", "data": [
{"title": "Foxes", "paragraphs": [{"context": "Foxes are red.", "qas": [
  {"id": "q1", "question": "What colour?", "answers": [{"text": "red", "answer_start": 10},
     {"text": "red", "answer_start": 10}, {"text": "are red", "answer_start": 6}],
     "is_impossible": false},
  {"id": "q2", "question": "How many?", "answers": [], "is_impossible": true,
   "plausible_answers": [{"text": "one", "answer_start": 1}]}]}]}]})";

const std::string kRow =
    R"({"id": "q1", "title": "Foxes", "context": "Foxes are red.", "question": "What colour?", )"
    R"("answers": {"text": ["red", "red", "are red"], "answer_start": [10, 10, 6]}})";
const std::string kEmptyRow =
    R"({"id": "q2", "title": "Foxes", "context": "Foxes are red.", "question": "How many?", )"
    R"("answers": {"text": [], "answer_start": []}})";

std::string published(const std::string& questions) {
  return R"({"data": [{"title": "T", "paragraphs": [{"context": "c", "qas": [)" + questions +
         "]}]}]}";
}

}  // namespace

TEST_CASE("squad: both forms give questions with paragraph, article and answers") {
  for (const std::string& text :
       {std::string(kPublished), kRow + "\n" + kEmptyRow + "\n",
        "[" + kRow + ",\n" + kEmptyRow + "]", "\xEF\xBB\xBF" + kRow + "\n\n" + kEmptyRow}) {
    CAPTURE(text);
    Reading reading("squad", text);
    const auto rows = reading.rows();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].id == "q1");
    CHECK(rows[0].instruction == "What colour?");
    CHECK(rows[0].context == "Foxes are red.");
    CHECK(rows[0].target == "red");
    CHECK(rows[0].references == std::vector<std::string>{"are red"});
    CHECK(rows[0].group == "Foxes");
    CHECK(rows[0].attributes.at("title") == "Foxes");
    CHECK(rows[0].attributes.at("answerable") == "yes");
    CHECK(reading.report.left_out == 1);
    CHECK(reading.report.notes ==
          std::vector<std::string>{"data: left out 1 questions without answer"});
    CHECK(reading.report.warnings.empty());
  }
}

TEST_CASE("squad: fields that nothing reads are named in both forms") {
  Reading whole("squad", R"({"data": [{"title": "T", "source": "s", "paragraphs": [{"context": "c",
    "document_id": 7, "qas": [{"id": "1", "question": "q", "level": 2,
      "answers": [{"text": "a"}]}]}]}]})");
  CHECK(whole.rows().size() == 1);
  CHECK(whole.report.notes ==
        std::vector<std::string>{"data: nothing reads the fields document_id, level, source"});
  for (const char* value : {"\"train\"", "3", "{\"a\": [1]}"}) {
    Reading rows("squad", "{\"data\": " + std::string(value) + ", " + kRow.substr(1) + "\n");
    CHECK(rows.rows().size() == 1);
    CHECK(rows.report.notes == std::vector<std::string>{"data: nothing reads the fields data"});
  }
}

TEST_CASE("squad: questions without answer can have a target") {
  for (const std::string& text : {std::string(kPublished), kRow + "\n" + kEmptyRow + "\n"}) {
    Reading reading("squad", text);
    reading.config.unanswerable = "unanswerable";
    const auto rows = reading.rows();
    REQUIRE(rows.size() == 2);
    CHECK(rows[1].target == "unanswerable");
    CHECK(rows[1].references.empty());
    CHECK(rows[1].attributes.at("answerable") == "no");
    CHECK(reading.report.left_out == 0);
  }
}

TEST_CASE("squad: is_impossible decides where it is there") {
  const std::string answered = R"("question": "q", "answers": [{"text": "a"}])";
  Reading impossible("squad",
                     published(R"({"id": "1", "is_impossible": true, )" + answered + "}," +
                               R"({"id": "2", "is_impossible": false, )" + answered + "}"));
  const auto rows = impossible.rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].id == "2");
  Reading flat("squad", R"({"id": "1", "context": "c", "question": "q", "is_impossible": true, )"
                        R"("answers": {"text": ["a"]}})"
                        "\n" +
                            kRow);
  CHECK(flat.rows().size() == 1);
  CHECK(Reading("squad", published(R"({"id": "1", "question": "q", "answers": [], )"
                                   R"("is_impossible": false})"))
            .error() ==
        "data:1: article 1: question \"1\": is_impossible is false, and there is no answer");
  CHECK(
      Reading("squad", published(R"({"id": "1", "question": "q", "answers": [], )"
                                 R"("is_impossible": 2})"))
          .error() ==
      "data:1: article 1: question \"1\": field \"is_impossible\" is 2; true or false, or 1 or 0, "
      "was expected");
  CHECK(
      Reading("squad", published(R"({"id": "1", "question": "q", "answers": [], )"
                                 R"("is_impossible": "perhaps"})"))
          .error() ==
      "data:1: article 1: question \"1\": field \"is_impossible\" is a string; true or false, or 1 "
      "or 0, was expected");
  for (const std::string yes : {"1", "1.0", "\"True\"", "true"}) {
    Reading words("squad", published(R"({"id": "1", "is_impossible": )" + yes + ", " + answered +
                                     R"(}, {"id": "2", "is_impossible": 0, )" + answered + "}," +
                                     R"({"id": "3", "is_impossible": "false", )" + answered + "}"));
    CAPTURE(yes);
    CHECK(words.rows().size() == 2);
    CHECK(words.report.left_out == 1);
  }
}

TEST_CASE("squad: a bad question is named, and costs no other one") {
  Reading reading("squad", published(R"({"id": "1", "question": "q", "answers": [{"text": "a"}]},
    {"id": "2", "question": "q", "answers": [{"text": 3}]},
    {"question": "who?", "answers": [{"text": "a"}]},
    {"id": "4", "answers": [{"text": "a"}]},
    {"id": "1", "question": "q", "answers": [{"text": "a"}]},
    {"id": "6", "question": "q", "answers": [{"text": "a"}]})"));
  CHECK(reading.error() ==
        "data:1: article 1: question \"2\": field \"text\" is a number; a string was expected");
  reading.config.max_bad_lines = 4;
  CHECK(reading.rows().size() == 2);
  REQUIRE(reading.report.problems.size() == 4);
  const auto problem = [&](std::size_t i) {
    return reading.without_folder(reading.report.problems[i]);
  };
  CHECK(problem(1) == "data:1: article 1: question \"who?\": it has no id");
  CHECK(problem(2) == "data:1: article 1: question \"4\": field \"question\" is missing");
  CHECK(problem(3) ==
        "data:1: article 1: duplicate id \"1\", first used in article 1; ids must be unique");
}

TEST_CASE("squad: rows without a title stay together by their paragraph") {
  const std::string row = R"({"context": "c", "question": "q", "answers": {"text": ["a"]}})";
  const std::string other = R"({"context": "d", "question": "q", "answers": {"text": ["a"]}})";
  const auto rows = Reading("squad", row + "\n" + row + "\n" + other).rows();
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].group == rows[1].group);
  CHECK(rows[0].group != rows[2].group);
  CHECK(rows[0].id == "line-1");
}

TEST_CASE("squad: another form is refused") {
  CHECK(Reading("squad", "[]").error() ==
        "data: the file is empty; at least one example was "
        "expected");
  CHECK(Reading("squad", R"({"data": [{"title": "x"}]})").error() ==
        "data:1: article 1: field \"paragraphs\" is missing");
  CHECK(Reading("squad", R"({"data": [{"paragraphs": [3]}]})").error() ==
        "data:1: article 1: field \"paragraphs\" must be an array of objects");
  CHECK(Reading("squad", R"({"context": "c", "question": "q"})").error() ==
        "data:1: question \"q\": field \"answers\" is missing");
  CHECK(
      Reading("squad", R"({"id": "a", "context": "c", "question": "q", "answers": {}})").error() ==
      "data:1: question \"a\": field \"answers\" has no \"text\"");
}
