#include "partition/formats/column_use.hpp"

#include <doctest/doctest.h>

#include "tests/partition/formats/data_reading.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::Reading;

namespace {

const std::string kRows =
    "{\"instruction\": \"i\", \"ctx\": \"c\", \"target\": \"t\"}\n"
    "{\"instruction\": \"j\", \"target\": \"t\", \"meta\": {\"lang\": \"de\"}}\n";

}  // namespace

TEST_CASE("a name of [data.fields] that no row has is an error with the nearest names") {
  Reading reading("jsonl", kRows);
  reading.config.fields.context = "ctxt";
  CHECK(reading.error() ==
        "data.fields.context: no row of data has the field \"ctxt\"; the rows have: ctx, "
        "instruction, meta, target; did you mean ctx?");
  reading.config.fields.context = "ctx";
  CHECK(reading.rows().at(0).context == "c");
  reading.config.fields.attributes = {"meta.lang", "meta.land"};
  CHECK(reading.error().starts_with(
      "data.fields.attributes: no row of data has the field \"meta.land\"; the rows have: ctx"));
  reading.config.fields.attributes = {"meta.lang"};
  CHECK(reading.rows().at(1).attributes.at("meta.lang") == "de");
  reading.config.fields.group = "";
  CHECK(reading.error() == "no error");
}

TEST_CASE("a field that is null or empty in every row is there, with a warning") {
  const std::string row = R"({"instruction": "i", "target": "t", "who": null, "ctx": "", "m": )";
  Reading reading("jsonl", row + "[]}\n" + row + "null}");
  reading.config.fields.client = "who";
  reading.config.fields.context = "ctx";
  reading.config.fields.attributes = {"instruction"};
  reading.config.fields.references = "m";
  CHECK_FALSE(reading.rows().at(0).client.has_value());
  CHECK(reading.warnings() ==
        std::vector<std::string>{
            "data.fields.context: the field \"ctx\" is null or empty in all rows of data",
            "data.fields.references: the field \"m\" is null or empty in all rows of data",
            "data.fields.client: the field \"who\" is null or empty in all rows of data"});
  Reading table("csv", "target,lang\na,\nb,\n");
  table.config.fields.attributes = {"lang"};
  CHECK(table.warnings().at(0) ==
        "data.fields.attributes: the field \"lang\" is null or empty in all rows of data");
}

TEST_CASE("a field with something in one row is no warning") {
  const std::string row = R"({"instruction": "i", "target": "t", "meta": {"lang": )";
  Reading reading("jsonl", row + "null}}\n" + row + "0}}");
  reading.config.fields.attributes = {"meta.lang"};
  CHECK(reading.warnings().empty());
}

TEST_CASE("names that rows lack are found though bad rows are allowed") {
  Reading reading("jsonl", "{\"target\": \"t\"}\nnonsense\n");
  reading.config.max_bad_lines = 5;
  reading.config.fields.target = "answer";
  CHECK(reading.error() ==
        "data.fields.target: no row of data has the field \"answer\"; the rows have: target");
}

TEST_CASE("test data may lack what only training needs, with a warning") {
  Reading reading("jsonl", kRows);
  const auto test = reading.config.path.parent_path() / "test";
  write_file(test, R"({"instruction": "i", "target": "t"})");
  reading.config.test_path = test;
  reading.config.fields.client = "who";
  const auto rows = read_test_examples(reading.config, 1, &reading.report);
  CHECK(rows.size() == 1);
  REQUIRE(reading.report.warnings.size() == 1);
  CHECK(reading.without_folder(reading.report.warnings[0]) ==
        "data.fields.client: no row of test has the field \"who\"; the rows have: instruction, "
        "target");
  reading.config.fields.client = "client";
  reading.config.fields.context = "ctx";
  CHECK_THROWS_AS(read_test_examples(reading.config, 1), InputError);
}

TEST_CASE("fields that nothing reads are named once") {
  Reading reading("jsonl", kRows + kRows);
  reading.rows();
  CHECK(reading.report.notes ==
        std::vector<std::string>{"data: nothing reads the fields ctx, meta"});
  std::string wide = R"({"target": "t")";
  for (int i = 10; i < 40; ++i)
    wide += ", \"c" + std::to_string(i) + "\": 1";
  Reading many("jsonl", wide + "}");
  many.rows();
  CHECK(many.report.notes.at(0).ends_with(", c28, c29 and 10 more"));
}

TEST_CASE("empty prompts in most rows are a warning") {
  const std::string full = "{\"instruction\": \"i\", \"target\": \"t\"}\n";
  const std::string empty = "{\"question\": \"i\", \"target\": \"t\"}\n";
  CHECK(Reading("jsonl", full + empty).warnings().empty());
  CHECK(
      Reading("jsonl", full + empty + empty).warnings() ==
      std::vector<std::string>{
          "data: 2 of 3 examples have neither instruction nor context: nothing is learned of them "
          "but targets; fields that nothing reads: question"});
  CHECK(Reading("text", "a\n\nb\n").warnings().empty());
}
