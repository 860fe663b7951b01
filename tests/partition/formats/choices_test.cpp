#include "partition/formats/choices.hpp"

#include <doctest/doctest.h>

#include "tests/partition/formats/data_reading.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::Reading;

namespace {

/// What a row with a target and data.labels comes to: the target, or what is wrong.
std::string labelled(const std::string& target, const std::vector<std::string>& labels) {
  Reading reading("jsonl", R"({"instruction": "i", "target": )" + target + "}");
  reading.config.labels = labels;
  try {
    return reading.rows().at(0).target;
  } catch (const InputError& error) {
    return reading.without_folder(error.what());
  }
}

}  // namespace

TEST_CASE("a target that is not one of its choices is a bad row in every format that has choices") {
  CHECK(Reading("jsonl", R"({"target": "Yes", "choices": ["yes", "no"]})").error() ==
        "data:1: the target \"Yes\" is not one of its choices: yes, no; did you mean \"yes\"?");
  CHECK(Reading("jsonl", R"({"target": " no", "choices": ["yes", "no"]})").error() ==
        "data:1: the target \" no\" is not one of its choices: yes, no; did you mean \"no\"?");
  CHECK(Reading("jsonl", R"({"target": "green", "choices": ["yes", "no"]})").error() ==
        "data:1: the target \"green\" is not one of its choices: yes, no");
  CHECK(Reading("csv", "target,choices\nYes,\"[\"\"yes\"\"]\"\n").error() ==
        "data:2: the target \"Yes\" is not one of its choices: yes; did you mean \"yes\"?");
  CHECK(Reading("jsonl", R"({"target": "a", "choices": ["a", "b", "a"]})").error() ==
        "data:1: the choice \"a\" is there twice");
  CHECK(Reading("jsonl", R"({"target": "a", "choices": ["a", ""]})").error() ==
        "data:1: one of the choices is empty");
  Reading skipped("jsonl",
                  "{\"target\": \"Yes\", \"choices\": [\"yes\"]}\n"
                  "{\"target\": \"yes\", \"choices\": [\"yes\"]}\n");
  skipped.config.max_bad_lines = 1;
  CHECK(skipped.rows().size() == 1);
}

TEST_CASE("numbers and booleans are targets and choices as they are written") {
  Reading reading("jsonl",
                  "{\"target\": 1, \"choices\": [0, 1]}\n{\"target\": true}\n"
                  "{\"target\": 2.5}\n");
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].target == "1");
  CHECK(rows[0].choices == std::vector<std::string>{"0", "1"});
  CHECK(rows[1].target == "true");
  CHECK(rows[2].target == "2.5");
}

TEST_CASE("labels give numbers of classes their words") {
  const std::vector<std::string> labels = {"negative", "positive"};
  CHECK(labelled("0", labels) == "negative");
  CHECK(labelled("1", labels) == "positive");
  CHECK(labelled("1.0", labels) == "positive");
  CHECK(labelled("\"1\"", labels) == "positive");
  CHECK(labelled("false", labels) == "negative");
  CHECK(labelled("true", labels) == "positive");
  for (const char* word : {"\"false\"", "\"False\"", "\"FALSE\""})
    CHECK(labelled(word, labels) == "negative");
  for (const char* word : {"\"true\"", "\"True\"", "\"TRUE\""})
    CHECK(labelled(word, labels) == "positive");
  CHECK(labelled("true", {"False", "True"}) == "True");
  CHECK(labelled("\"True\"", {"true", "false"})
            .ends_with("one of data.labels: true, false; did you mean \"true\"?"));
  CHECK(labelled("\"positive\"", labels) == "positive");
  CHECK(labelled("-1", labels) ==
        "data:1: the target \"-1\" is no label; allowed: 0 to 1, or one of data.labels: negative, "
        "positive; -1 stands for rows without label, as in test data");
  CHECK(labelled("2", labels).starts_with("data:1: the target \"2\" is no label; allowed: 0 to 1"));
  CHECK(labelled("true", {"a", "b", "c"}).starts_with("data:1: the target \"true\" is no label"));
  CHECK(labelled("\"Positive\"", labels).ends_with("; did you mean \"positive\"?"));
}

TEST_CASE("choices of a row are checked beside labels too") {
  Reading reading("jsonl", R"({"target": 0, "choices": ["a", "b", "a"]})");
  reading.config.labels = {"a", "b"};
  CHECK(reading.error() == "data:1: the choice \"a\" is there twice");
}

TEST_CASE("texts of messages are cut between letters") {
  std::string longer;
  for (int i = 0; i < 61; ++i)
    longer += "\xC3\xA4";
  CHECK(Reading("jsonl", R"({"target": ")" + longer + R"(", "choices": ["a"]})").error() ==
        "data:1: the target \"" + longer.substr(0, std::size_t{2} * 58) +
            "..\" is not one of its choices: a");
}

TEST_CASE("labels that cannot be are refused") {
  CHECK(labelled("0", {"a"}) == "data.labels: is only one; allowed: two or more");
  CHECK(labelled("0", {"a", ""}) == "data.labels: one of them is empty; allowed: texts");
  CHECK(labelled("0", {"a", "a"}) == "data.labels: \"a\" is there twice; allowed: each once");
  CHECK(labelled("0", {"1", "2"}) ==
        "data.labels: \"1\" is a number, and numbers of targets count the labels; allowed: words");
}
