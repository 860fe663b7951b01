#include <doctest/doctest.h>

#include "partition/json_elements.hpp"
#include "partition/reader.hpp"
#include "partition/split.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;

namespace {

/// Reads `text` as a file called "data" of a format.
class Reading {
 public:
  Reading(const std::string& format, const std::string& text) {
    config.format = format;
    config.path = folder_ / "data";
    write_file(config.path, text);
  }

  std::vector<Example> rows() { return read_examples(config, 1, &report); }

  std::string error() {
    try {
      rows();
    } catch (const InputError& error) {
      const std::string what = error.what();
      return what.substr(what.find("/data") + 1);
    }
    return "no error";
  }

  DataConfig config;
  ReadReport report;

 private:
  tests::TemporaryFolder folder_;
};

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
  CHECK(usual_template("alpaca") == "alpaca");
}

TEST_CASE("alpaca: two entries in one line have different names") {
  Reading reading("alpaca", R"([{"output": "a"}, {"output": "b"}])");
  CHECK(reading.rows().size() == 2);
}

TEST_CASE("alpaca: bad entries are named by their line, and may be skipped") {
  Reading reading("alpaca", "[{\"output\": \"t\"},\n{\"outptu\": \"t\"},\n3, {\"output\": 3}]");
  CHECK(reading.error() ==
        "data:2: field \"output\" (the target) is missing; the row has: outptu; Alpaca data have "
        "instruction, input and output");
  reading.config.max_bad_lines = 3;
  reading.report = {};
  CHECK(reading.rows().size() == 1);
  CHECK(reading.report.bad_lines == 3);
}

TEST_CASE("dolly: the category is the natural client") {
  Reading reading("dolly",
                  R"({"instruction": "i", "context": "", "response": "r", "category": "open_qa"})");
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].target == "r");
  CHECK(rows[0].client == "open_qa");
  CHECK(rows[0].group == "line-1");
  CHECK(usual_template("dolly") == "alpaca");
}

namespace {

const char* const kSquad = R"({"version": "v2.0", "data": [
{"title": "Foxes", "paragraphs": [{"context": "Foxes are red.", "qas": [
  {"id": "q1", "question": "What colour?", "answers": [{"text": "red", "answer_start": 10},
     {"text": "red", "answer_start": 10}, {"text": "are red", "answer_start": 6}], "is_impossible": false},
  {"id": "q2", "question": "How many?", "answers": [], "is_impossible": true}]}]}]})";

}  // namespace

TEST_CASE("squad: questions with their paragraph, article and answers") {
  Reading reading("squad", kSquad);
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].id == "q1");
  CHECK(rows[0].instruction == "What colour?");
  CHECK(rows[0].context == "Foxes are red.");
  CHECK(rows[0].target == "red");
  CHECK(rows[0].references == std::vector<std::string>{"are red"});
  CHECK(rows[0].group == "Foxes");
  CHECK(reading.report.left_out == 1);
}

TEST_CASE("squad: questions without answer can have a target") {
  Reading reading("squad", kSquad);
  reading.config.unanswerable = "unanswerable";
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].target == "unanswerable");
  CHECK(reading.report.left_out == 0);
}

TEST_CASE("squad: another form is refused") {
  CHECK(Reading("squad", "[]").error() ==
        "data:1: not valid JSON: an object with the key \"data\" was expected");
  CHECK(Reading("squad", R"({"data": [{"title": "x"}]})").error() ==
        "data:1: field \"paragraphs\" is missing");
  CHECK(Reading("squad", R"({"data": [{"paragraphs": [3]}]})").error() ==
        "data:1: field \"paragraphs\" must be an array of objects");
}

TEST_CASE("glue: MRPC, QQP and RTE by their headers") {
  const auto mrpc = Reading("glue_pairs",
                            "\xEF\xBB\xBFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n"
                            "1\t7\t8\tHe said \"no.\tHe refused.\r\n0\t1\t2\ta\tb\r\n")
                        .rows();
  REQUIRE(mrpc.size() == 2);
  CHECK(mrpc[0].context == "Sentence 1: He said \"no.\nSentence 2: He refused.");
  CHECK(mrpc[0].target == "yes");
  CHECK(mrpc[1].target == "no");
  CHECK(mrpc[0].choices == std::vector<std::string>{"no", "yes"});

  const auto qqp = Reading("glue_pairs",
                           "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
                           "0\t11\t12\tWhy?\tWhat?\t1\n5\t11\t13\tWhy?\tWho?\t0\n")
                       .rows();
  REQUIRE(qqp.size() == 2);
  CHECK(qqp[0].group == "11");
  CHECK(qqp[1].target == "no");

  const auto rte =
      Reading("glue_pairs", "index\tsentence1\tsentence2\tlabel\n0\tA.\tB.\tnot_entailment\n")
          .rows();
  CHECK(rte.at(0).target == "not_entailment");
  CHECK(rte.at(0).choices.back() == "entailment");
}

TEST_CASE("glue: files without labels, other headers and bad rows are refused") {
  CHECK(Reading("glue_pairs", "index\tsentence1\tsentence2\n0\tA.\tB.\n").error() ==
        "data:1: looks like RTE without the column \"label\"; GLUE's test files have no labels, "
        "use train or dev");
  CHECK(Reading("glue_pairs", "a,b\n").error().starts_with("data:1: not the header of MRPC"));
  const std::string header = "index\tsentence1\tsentence2\tlabel\n";
  CHECK(Reading("glue_pairs", header + "0\tA.\tB.\n").error() ==
        "data:2: has 3 columns; the header has 4");
  CHECK(Reading("glue_pairs", header + "0\tA.\tB.\tmaybe\n").error() ==
        "data:2: label \"maybe\" is not known; allowed: not_entailment, entailment");
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
  CHECK(split.train == std::vector<std::uint32_t>{0, 1});
  CHECK(split.test == std::vector<std::uint32_t>{2, 3, 4});
  CHECK(examples[2].id == "test/a");
  CHECK(examples[3].group == "test/b");
  CHECK(examples[4].id == "c");
}
