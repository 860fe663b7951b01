#include <doctest/doctest.h>

#include "partition/formats/format.hpp"
#include "partition/formats/json_elements.hpp"
#include "partition/reader.hpp"
#include "partition/split.hpp"
#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"
#include "tests/partition/formats/data_reading.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::Reading;

namespace {

std::vector<std::string> elements(const std::string& text, const std::string& key = "") {
  std::vector<std::string> found;
  for_each_element(text, key, "f", [&](std::string_view element, std::size_t line) {
    found.push_back(std::to_string(line) + ":" + std::string(element));
  });
  return found;
}

}  // namespace

TEST_CASE("elements of an array are found with their lines") {
  using Texts = std::vector<std::string>;
  CHECK(elements(" [1, \"a]\\\"b\",\n {\"x\": [2, {}]}\n,true]") ==
        Texts{"1:1", "1:\"a]\\\"b\"", "2:{\"x\": [2, {}]}", "3:true"});
  CHECK(elements("[]").empty());
  CHECK(elements("{\"v\": {\"data\": [9]}, \"data\": [[1], 2]}", "data") == Texts{"1:[1]", "1:2"});
  CHECK_THROWS_WITH_AS(elements("{}", "data"), "f:1: not valid JSON: the key \"data\" is missing",
                       InputError);
  for (const char* bad : {"", "{}", "[1", "[1,", "[1 2]", "[{]", "[\"a", "[,]", "[\"\\", "[1] 2"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(elements(bad), InputError);
  }
}

TEST_CASE("alpaca: a JSON array or JSON lines") {
  const std::string row = R"({"instruction": "i", "input": "c", "output": "t"})";
  for (const std::string& text : {"[" + row + ",\n" + row + "]", row + "\n" + row + "\n",
                                  "\xEF\xBB\xBF[" + row + "," + row + "]"}) {
    CAPTURE(text);
    Reading reading("alpaca", text);
    const auto rows = reading.rows();
    REQUIRE(rows.size() == 2);
    CHECK(rows[1].instruction == "i");
    CHECK(rows[1].context == "c");
    CHECK(rows[1].target == "t");
  }
  CHECK(find_format("alpaca").prompt_template == "alpaca");
}

TEST_CASE("alpaca: two entries in one line have different names") {
  Reading reading("alpaca",
                  R"([{"instruction": "i", "output": "a"}, {"instruction": "i", "output": "b"}])");
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].id == "entry-1");
  CHECK(rows[1].id == "entry-2");
}

TEST_CASE("alpaca: bad entries are named by their line and number, and may be skipped") {
  Reading reading("alpaca",
                  "[{\"instruction\": \"i\", \"output\": \"t\"},\n{\"outptu\": \"t\"},\n3, "
                  "{\"output\": []}]");
  CHECK(reading.error() ==
        "data:2: entry 2: field \"output\" (the target) is missing; the row has: outptu; did you "
        "mean outptu? Alpaca data have instruction, input and output");
  reading.config.max_bad_lines = 3;
  CHECK(reading.rows().size() == 1);
  REQUIRE(reading.report.bad_lines == 3);
  CHECK(reading.without_folder(reading.report.problems[1]) ==
        "data:3: entry 3: the row is a number; an array of objects was expected");
  CHECK(reading.without_folder(reading.report.problems[2]) ==
        "data:3: entry 4: field \"output\" is an array; a string, a number or a boolean was "
        "expected");
}

TEST_CASE("alpaca: names of other formats are not read, and named once") {
  const std::string row =
      R"({"instruction": "i", "input": "", "output": "t", "id": 1, "quality": 5, "group": "train",)"
      R"( "client": 3, "choices": "x", "references": 1})"
      "\n";
  Reading reading("alpaca", row + row);
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].id == "line-1");
  CHECK(rows[1].group == "line-2");
  CHECK_FALSE(rows[0].client.has_value());
  CHECK(rows[0].quality.empty());
  CHECK(reading.report.notes ==
        std::vector<std::string>{
            "data: nothing reads the fields choices, client, group, id, quality, references"});
}

TEST_CASE("fixed formats refuse files without their fields") {
  const std::string other = R"([{"question": "q", "output": "t"}])";
  CHECK(Reading("alpaca", other).error() ==
        "no row of data has the format's field \"instruction\"; the rows have: output, question; "
        "format = \"jsonl\" reads fields of any name");
  CHECK(Reading("dolly", R"({"instructions": "q", "response": "t"})").error() ==
        "no row of data has the format's field \"instruction\"; the rows have: instructions, "
        "response; did you mean instructions?; format = \"jsonl\" reads fields of any name");
  CHECK(Reading("squad", R"({"question": "q", "answers": {"text": ["a"]}})").error() ==
        "no row of data has the format's field \"context\"; the rows have: answers, question; "
        "format = \"jsonl\" reads fields of any name");
}

TEST_CASE("dolly: the category is the natural client and an attribute") {
  Reading reading("dolly",
                  R"({"instruction": "i", "context": "", "response": "r", "category": "open_qa"})");
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].target == "r");
  CHECK(rows[0].client == "open_qa");
  CHECK(rows[0].attributes.at("category") == "open_qa");
  CHECK(rows[0].group == "line-1");
  CHECK(find_format("dolly").prompt_template == "alpaca");
}

TEST_CASE("text: paragraphs between blank lines") {
  Reading reading("text", "One\nstill one\r\n\n \nTwo\n");
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].target == "One\nstill one");
  CHECK(rows[1].target == "Two");
  CHECK(rows[1].id == "line-5");
  CHECK(rows[0].instruction.empty());
}

TEST_CASE("jsonl: choices and references") {
  Reading reading("jsonl", R"({"target": "a", "choices": ["a", "b"], "references": ["A"]})");
  const auto rows = reading.rows();
  CHECK(rows.at(0).choices == std::vector<std::string>{"a", "b"});
  CHECK(rows.at(0).references == std::vector<std::string>{"A"});
  CHECK(Reading("jsonl", R"({"target": "a", "choices": "b"})").error() ==
        "data:1: field \"choices\" is a string; an array of strings was expected");
  CHECK(Reading("jsonl", R"({"target": "a", "choices": ["a", ["b"]]})").error() ==
        "data:1: field \"choices\" is an array with something else in it; an array of strings was "
        "expected");
}

TEST_CASE("jsonl: an array of objects is read too") {
  Reading reading("jsonl", R"( [{"target": "a"}, {"target": 1}])");
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].target == "1");
  CHECK(rows[1].id == "entry-2");
  CHECK(Reading("jsonl", R"([{"id": 7, "target": "a"}, {"id": "7", "target": "b"}])").error() ==
        "data:1: entry 2: duplicate id \"7\", first used in entry 1; ids must be unique");
}

TEST_CASE("a separate test file: ids stay distinct, shared groups are counted") {
  const auto row = [](const std::string& id, const std::string& group) {
    Example example;
    example.id = id;
    example.group = group;
    return example;
  };
  std::vector<Example> examples = {row("a", "g"), row("b", "b")};
  Split split;
  CHECK(append_test(examples, {row("a", "g"), row("b", "b"), row("c", "h")}, split) == 1);
  CHECK(split.train == Indices{0, 1});
  CHECK(split.test == Indices{2, 3, 4});
  CHECK(examples[2].id == "test/a");
  CHECK(examples[3].group == "test/b");
  CHECK(examples[4].id == "c");
}
