#include "partition/formats/data_file.hpp"
#include "partition/formats/format.hpp"

#include <doctest/doctest.h>

#include "tests/partition/formats/data_reading.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::Reading;

namespace {

using std::string_literals::operator""s;

}  // namespace

TEST_CASE("files of other kinds are refused with a way to convert them, in every format") {
  for (const auto& format : known_formats()) {
    CAPTURE(format);
    CHECK(
        Reading(format, "PAR1\x15\x04"s).error() ==
        "data: is a Parquet file; UTF-8 text was expected; convert it with Python:\n"
        "  import pandas\n"
        "  pandas.read_parquet(\"data\").to_json(\"data.jsonl\", orient=\"records\", lines=True)");
    CHECK(Reading(format, "\xFF\xFF\xFF\xFF\x10\x01"s)
              .error()
              .starts_with(
                  "data: is an Arrow stream; UTF-8 text was expected; convert it with Python:\n"
                  "  import datasets\n"));
    CHECK(Reading(format, "\x1F\x8B\x08"s).error() ==
          "data: is compressed (gzip); UTF-8 text was expected; unpack it: gzip -d -k data");
    CHECK(Reading(format, "ARROW1\0\0\x01"s).error().starts_with("data: is an Arrow file"));
    CHECK(Reading(format, "BZh91AY&SY\x80").error().starts_with("data: is compressed (bzip2)"));
    CHECK(Reading(format, "PK\x03\x04"s).error().starts_with("data: is a ZIP archive"));
    CHECK(Reading(format, "\x28\xB5\x2F\xFD"s).error().starts_with("data: is compressed (Zst"));
    CHECK(Reading(format, "\xFF\xFE{\0"s).error() ==
          "data: is UTF-16; UTF-8 text was expected; convert it: iconv -f UTF-16 -t UTF-8 data > "
          "data.utf8");
    CHECK(Reading(format, "{\0\"\0a\0\"\0:\0"s)
              .error()
              .starts_with("data: is UTF-16 without a byte order mark"));
    CHECK(Reading(format, "version https://git-lfs.github.com/spec/v1\n")
              .error()
              .starts_with("data: is a pointer of Git LFS"));
  }
  CHECK(Reading("jsonl", "<!DOCTYPE html>\n<p>").error().starts_with("data: is a web page"));
  CHECK(Reading("text", "<!DOCTYPE html>\n<p>").rows().size() == 1);
}

TEST_CASE("a text may begin with the letters of another kind") {
  CHECK(Reading("csv", "PAR1,target\r\n\ta,b\n").rows().size() == 1);
  for (const char* text : {"PAR1", "ARROW1 is a name.", "BZh", "BZh9 1AY&SY", "BZh01AY&SY"}) {
    CAPTURE(text);
    CHECK(Reading("text", text).rows().size() == 1);
  }
}

TEST_CASE("an ending says what a file is meant to be") {
  Reading reading("jsonl", "{}");
  const auto named = reading.config.path.parent_path() / "rows.parquet";
  write_file(named, "{}");
  reading.config.path = named;
  CHECK(reading.error().starts_with("rows.parquet: is named like a Parquet file"));
}

TEST_CASE("the start of a file shows its form") {
  CHECK(first_letter("\xEF\xBB\xBF \r\n\t[1") == '[');
  CHECK(first_letter(" \n") == '\0');
  CHECK(first_line("\xEF\xBB\xBFone\rtwo") == "one");
  CHECK(first_line("") == "");
}
