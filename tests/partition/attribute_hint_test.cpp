#include "partition/attribute_hint.hpp"

#include <doctest/doctest.h>

#include "tests/partition/formats/data_reading.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::Reading;

namespace {

const std::string kRowWithLanguage =
    R"({"instruction": "i", "output": "o", "target": "t", "lang": "de", "nothing": null})";

std::string way_to_name(const Reading& reading, const std::string& attribute) {
  return reading.without_folder(how_to_name(attribute, reading.config));
}

}  // namespace

TEST_CASE("an attribute that the file has as a field comes with the line that names it") {
  Reading reading("jsonl", kRowWithLanguage);
  CHECK(
      way_to_name(reading, "lang") ==
      "data has a field \"lang\"; to make it an attribute: [data.fields] attributes = [\"lang\"]");
  CHECK(way_to_name(reading, "language").empty());
  reading.config.fields.attributes = {"instruction", "nothing"};
  CHECK(way_to_name(reading, "lang") ==
        "data has a field \"lang\"; to make it an attribute: [data.fields] attributes = "
        "[\"instruction\", \"nothing\", \"lang\"]");
  CHECK(way_to_name(reading, "nothing") ==
        "data has a field \"nothing\", but it is null or empty in all rows");
}

TEST_CASE("a fixed format names those that can read the field") {
  CHECK(way_to_name(Reading("alpaca", kRowWithLanguage), "lang") ==
        "data has a field \"lang\", which format = \"alpaca\" does not read as an attribute; "
        "format = \"jsonl\" (of tables, \"csv\" or \"tsv\") reads fields of any name");
  CHECK(way_to_name(Reading("text", "a paragraph"), "lang").empty());
}
