#include "partition/support/csv.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace lorafleet;

namespace {

using Cells = std::vector<std::string>;
using Rows = std::vector<Cells>;

std::vector<CsvRecord> records(std::string_view text, CsvStyle style = {}) {
  std::vector<CsvRecord> found;
  for_each_csv_record(text, style, [&](CsvRecord& record) { found.push_back(std::move(record)); });
  return found;
}

Rows rows(std::string_view text, CsvStyle style = {}) {
  Rows found;
  for (auto& record : records(text, style)) {
    CHECK(record.problem.empty());
    found.push_back(std::move(record.cells));
  }
  return found;
}

/// Cells out of what is special in a CSV, in some style.
rc::Gen<std::string> cells_from_hell() {
  return rc::gen::container<std::string>(
      rc::gen::element('a', '"', ',', '\t', ';', '\n', '\r', ' ', '#', '\xEF', '\xBB', '\xBF'));
}

}  // namespace

TEST_CASE("a quoted cell holds separators, line ends and doubled quotes") {
  CHECK(rows("a,b\n1,2\n") == Rows{{"a", "b"}, {"1", "2"}});
  CHECK(rows("\"a,b\",\"say \"\"no\"\"\",\"\"\r\n\"two\r\nlines\",,x") ==
        Rows{{"a,b", "say \"no\"", ""}, {"two\r\nlines", "", "x"}});
  CHECK(rows("a\tb\n\"1\t2\"\t3\n", {.separator = '\t'}) == Rows{{"a", "b"}, {"1\t2", "3"}});
  CHECK(rows("5\" disk,a\"b\"\n") == Rows{{"5\" disk", "a\"b\""}});
}

TEST_CASE("line ends of three kinds, empty lines and a byte order mark are passed over") {
  CHECK(rows("\xEF\xBB\xBF"
             "a\r\n\r\nb\rc\n\nd") == Rows{{"a"}, {"b"}, {"c"}, {"d"}});
  CHECK(rows("").empty());
  CHECK(rows("\xEF\xBB\xBF").empty());
  CHECK(rows("\xEF\xBB") == Rows{{"\xEF\xBB"}});
  CHECK(rows("\"\"\n") == Rows{{""}});
  CHECK(rows(",\n") == Rows{{"", ""}});
}

TEST_CASE("each record says in which line it begins") {
  const auto found = records("a\r\n\r\n\"x\ny\r\nz\"\rb\n\n\nc");
  REQUIRE(found.size() == 4);
  CHECK(found[0].line == 1);
  CHECK(found[1].line == 3);
  CHECK(found[2].line == 6);
  CHECK(found[3].line == 9);
}

TEST_CASE("lines are counted, the last one with or without its end") {
  for (const auto& [text, lines] : std::vector<std::pair<std::string, std::size_t>>{
           {"", 0}, {"a", 1}, {"a\n", 1}, {"a\r\n\r\n", 2}, {"a\rb\r", 2}, {"\"\n\n\"", 3}}) {
    CAPTURE(text);
    CsvParser parser({}, [](CsvRecord&) {});
    parser.feed(text);
    parser.finish();
    CHECK(parser.lines() == lines);
  }
}

TEST_CASE("wrong quotes are named, and the next record is read all the same") {
  const auto found = records("a,\"b\" c\n1,2\n");
  REQUIRE(found.size() == 2);
  CHECK(found[0].problem ==
        "there is text after the closing quote of cell 2; a quote inside a quoted cell is written "
        "twice");
  CHECK_FALSE(found[0].unfinished);
  CHECK(found[1].problem.empty());
  const auto open = records("a\n1,\n2,\"x\ny\n");
  REQUIRE(open.size() == 3);
  CHECK(open[2].unfinished);
  CHECK(open[2].line == 3);
  CHECK(open[2].problem ==
        "the quote that begins in line 3 has no end; a quote inside a quoted cell is written "
        "twice");
}

TEST_CASE("trimmed tables with comments") {
  const CsvStyle style{.comment = '#', .trim = true};
  CHECK(rows("# a, \"table\n  # indented\n  name , \"a, b\" \n \t \n x y ,\" kept \"\n", style) ==
        Rows{{"name", "a, b"}, {"x y", " kept "}});
  CHECK(rows("a,#b\n", style) == Rows{{"a", "#b"}});
  CHECK(records("\"a\" \"b\"\n", style).at(0).problem.starts_with("there is text after"));
}

TEST_CASE("a cell is quoted only where it must be") {
  CHECK(csv_field("plain text") == "plain text");
  CHECK(csv_field("") == "");
  CHECK(csv_field("phone, old") == "\"phone, old\"");
  CHECK(csv_field("phone, old", '\t') == "phone, old");
  CHECK(csv_field("5\"") == "\"5\"\"\"");
  CHECK(csv_field(" x") == "\" x\"");
  CHECK(csv_field("#x") == "\"#x\"");
  CHECK(csv_line({"a", "b\n", ""}) == "a,\"b\n\",\n");
  CHECK(csv_line({""}) == "\"\"\n");
}

TEST_CASE("what is written as CSV is read back, whatever it holds and however it is cut") {
  CHECK(rc::check([] {
    const char separator = *rc::gen::element(',', '\t', ';');
    const CsvStyle style{.separator = separator,
                         .comment = *rc::gen::element('\0', '#'),
                         .trim = *rc::gen::arbitrary<bool>()};
    const auto table =
        *rc::gen::container<Rows>(rc::gen::nonEmpty(rc::gen::container<Cells>(cells_from_hell())));
    std::string text;
    for (const auto& cells : table)
      text += csv_line(cells, separator);
    RC_ASSERT(rows(text, style) == table);

    Rows in_blocks;
    CsvParser parser(style, [&](CsvRecord& record) { in_blocks.push_back(record.cells); });
    const auto block = *rc::gen::inRange<std::size_t>(1, 8);
    for (std::size_t i = 0; i < text.size(); i += block)
      parser.feed(std::string_view(text).substr(i, block));
    parser.finish();
    RC_ASSERT(in_blocks == table);
  }));
}

TEST_CASE("any text is read without a cell getting lost") {
  CHECK(rc::check([] {
    const std::string text = *cells_from_hell();
    std::size_t letters = 0;
    std::size_t last = 0;
    for (const auto& record : records(text)) {
      RC_ASSERT(!record.cells.empty());
      RC_ASSERT(record.line > last);
      last = record.line;
      for (const auto& cell : record.cells)
        letters += cell.size();
    }
    RC_ASSERT(letters <= text.size());
  }));
}
