#include "partition/importers/import_rows.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;

namespace {

std::vector<ImportRow> make_rows(std::size_t count) {
  std::vector<ImportRow> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows[i].id = "r" + std::to_string(i);
    rows[i].context = "some words";
    rows[i].target = "words";
  }
  return rows;
}

std::vector<std::string> ids_in(const std::filesystem::path& path) {
  std::vector<std::string> ids;
  for_each_line(path, [&](std::string_view line, std::size_t) {
    ids.push_back(nlohmann::json::parse(line)["id"]);
  });
  return ids;
}

}  // namespace

TEST_CASE("rows that are not valid UTF-8 are skipped, counted and noted, and the others written") {
  const tests::TemporaryFolder folder;
  auto rows = make_rows(6);
  rows[1].context = "caf\xE9 in Latin-1";
  rows[3].target = "cut off \xE2\x82";
  rows[4].id = "r\xFF";
  ImportReport report;
  write_rows(folder / "rows.jsonl", rows, 0, 1, report);
  CHECK(ids_in(folder / "rows.jsonl") == std::vector<std::string>{"r0", "r2", "r5"});
  CHECK(report.rows == 3);
  CHECK(report.skipped == 3);
  CHECK(report.notes ==
        std::vector<std::string>{
            "3 rows were skipped since they are not valid UTF-8, the first of them r1"});
}

TEST_CASE("every text of a row is looked at") {
  for (auto text :
       {&ImportRow::id, &ImportRow::task, &ImportRow::domain, &ImportRow::group, &ImportRow::client,
        &ImportRow::instruction, &ImportRow::context, &ImportRow::target}) {
    ImportRow row;
    row.*text = "gr\xC3\xBC\xC3\x9F";
    CHECK(is_valid_utf8(row));
    row.*text = "\xC3";
    CHECK_FALSE(is_valid_utf8(row));
  }
  ImportRow row;
  row.quality["votes"] = 1;
  CHECK(is_valid_utf8(row));
  row.quality["\xC3"] = 1;
  CHECK_FALSE(is_valid_utf8(row));
}

TEST_CASE("a sample is drawn of the valid rows, and all is refused where none is valid") {
  const tests::TemporaryFolder folder;
  auto rows = make_rows(5);
  rows[0].id = "\xFF";
  ImportReport report;
  write_rows(folder / "rows.jsonl", rows, 4, 1, report);
  CHECK(ids_in(folder / "rows.jsonl") == std::vector<std::string>{"r1", "r2", "r3", "r4"});
  CHECK(report.notes.at(0).ends_with("the first of them row 1"));
  rows.resize(1);
  CHECK_THROWS_WITH_AS(write_rows(folder / "none.jsonl", rows, 0, 1, report),
                       "import: none of the 1 rows is valid UTF-8, which is expected of every text",
                       InputError);
  CHECK_FALSE(std::filesystem::exists(folder / "none.jsonl"));
}
