#include "partition/reader.hpp"
#include "partition/formats/format.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "partition/support/error.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;

namespace {

class DataFile {
 public:
  explicit DataFile(const std::string& text) {
    config.path = folder_ / "data.jsonl";
    std::ofstream(config.path, std::ios::binary) << text;
  }
  std::vector<Example> read(ReadReport* report = nullptr) const {
    return read_examples(config, 7, report);
  }
  /// The message of the InputError that reading gives, with the folder cut off.
  std::string error() const {
    try {
      read();
    } catch (const InputError& problem) {
      std::string message = problem.what();
      const std::string prefix = config.path.parent_path().string() + "/";
      return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
    }
    return "no error";
  }

  DataConfig config;

 private:
  tests::TemporaryFolder folder_;
};

std::string row(const std::string& id) {
  return R"({"id": ")" + id + R"(", "target": "t"})" + "\n";
}

}  // namespace

TEST_CASE("a full row is read with all its fields") {
  const DataFile file(
      R"({"id": "a", "instruction": "Do.", "context": "c ü", "target": "t", "group": "g", )"
      R"("client": "k", "quality": {"coverage": 0.25, "votes": 3}, "more": [1]})"
      "\n");
  const auto examples = file.read();
  REQUIRE(examples.size() == 1);
  const auto& e = examples[0];
  CHECK(e.id == "a");
  CHECK(e.instruction == "Do.");
  CHECK(e.context == "c ü");
  CHECK(e.target == "t");
  CHECK(e.group == "g");
  CHECK(e.client == std::optional<std::string>("k"));
  CHECK(e.quality == std::map<std::string, double>{{"coverage", 0.25}, {"votes", 3.0}});
}

TEST_CASE("what a row lacks gets its default, and blank lines and line ends do no harm") {
  const DataFile file(
      "\xEF\xBB\xBF{\"target\": \"t\"}\r\n\r\n{\"target\": \"u\", \"id\": 12, "
      "\"context\": null}");
  ReadReport report;
  const auto examples = file.read(&report);
  REQUIRE(examples.size() == 2);
  CHECK(examples[0].id == "line-1");
  CHECK(examples[0].group == "line-1");
  CHECK_FALSE(examples[0].client.has_value());
  CHECK(examples[1].id == "12");
  CHECK(examples[1].group == "12");
  CHECK(examples[1].context.empty());
  CHECK(report.lines == 3);
  CHECK(report.bad_lines == 0);
}

TEST_CASE("field names are the user's and reach into nested objects") {
  DataFile file(
      R"({"qid": 3, "question": "Q", "para.text": "P", "answers": {"best": {"text": "A"}},)"
      R"( "meta": {"doc": 9, "scores": {"len": 1.5}}})"
      "\n");
  file.config.fields = {.id = "qid",
                        .instruction = "question",
                        .context = "para.text",
                        .target = "answers.best.text",
                        .group = "meta.doc",
                        .client = "",
                        .quality = "meta.scores"};
  const auto e = file.read().at(0);
  CHECK(e.id == "3");
  CHECK(e.instruction == "Q");
  CHECK(e.context == "P");
  CHECK(e.target == "A");
  CHECK(e.group == "9");
  CHECK(e.quality.at("len") == 1.5);
}

TEST_CASE("each kind of bad line names file, line, fault and what is allowed") {
  const std::string good = row("a");
  CHECK(
      DataFile(good + "{\"id\": 1,\n").error().starts_with("data.jsonl:2: not valid JSON (column"));
  CHECK(DataFile(good + "[1]\n").error() ==
        "data.jsonl:2: the row is an array; one JSON object a line was expected");
  CHECK(DataFile(good + R"({"id": "b", "output": "x"})").error() ==
        "data.jsonl:2: field \"target\" (the target) is missing; the row has: id, output; "
        "data.fields.target can name another field");
  CHECK(DataFile(R"({"target": ""})").error() ==
        "data.jsonl:1: the target is empty; a text that the model is to learn was expected");
  CHECK(DataFile(R"({"target": {}})").error() ==
        "data.jsonl:1: field \"target\" is an object; a string, a number or a boolean was "
        "expected");
  CHECK(DataFile(R"({"target": null})").error() ==
        "data.jsonl:1: field \"target\" (the target) is null; the row has: target; "
        "data.fields.target can name another field");
  CHECK(DataFile(R"({"target": "t", "context": 5})").error() ==
        "data.jsonl:1: field \"context\" is a number; a string was expected");
  CHECK(DataFile(R"({"id": [], "target": "t"})").error() ==
        "data.jsonl:1: field \"id\" is an array; a string, a number or a boolean was expected");
  CHECK(DataFile(R"({"quality": 1, "target": "t"})").error() ==
        "data.jsonl:1: field \"quality\" is a number; an object of numbers was expected");
  CHECK(DataFile(R"({"quality": {"q": "high"}, "target": "t"})").error() ==
        "data.jsonl:1: field \"quality.q\" is a string; a number was expected");
  CHECK(DataFile("{\"target\": \"\xC3(\"}").error() ==
        "data.jsonl:1: invalid UTF-8 at byte 13 of the line; the file must be UTF-8");
  CHECK(DataFile(row("a") + row("b") + row("a")).error() ==
        "data.jsonl:3: duplicate id \"a\", first used in line 1; ids must be unique");
}

TEST_CASE("bad lines up to the limit are skipped and reported, one more stops") {
  DataFile file(row("a") + "nonsense\n" + row("b") + row("a"));
  file.config.max_bad_lines = 2;
  ReadReport report;
  CHECK(file.read(&report).size() == 2);
  CHECK(report.bad_lines == 2);
  REQUIRE(report.problems.size() == 2);
  CHECK(report.problems[0].find("data.jsonl:2: not valid JSON") != std::string::npos);
  CHECK(report.problems[1].find("data.jsonl:4: duplicate id") != std::string::npos);
  file.config.max_bad_lines = 1;
  CHECK(file.error() ==
        "data.jsonl:4: duplicate id \"a\", first used in line 1; ids must be unique (bad line "
        "number 2; data.max_bad_lines allows 1)");
}

TEST_CASE("files without an example, absent files and unknown formats are refused") {
  CHECK(DataFile("").error() == "data.jsonl: the file is empty; at least one example was expected");
  CHECK(DataFile("\n\n").error() ==
        "data.jsonl: no usable example in 2 lines (0 bad, the others blank)");
  DataFile absent("");
  absent.config.path += ".gone";
  CHECK(absent.error() == "data.jsonl.gone: no such file");
  DataFile odd(row("a"));
  odd.config.format = "parquet";
  CHECK(odd.error() == "data.format: unknown format \"parquet\"; known: " + join(known_formats()));
}

TEST_CASE("a pipe, which can be read but once, is refused in every format") {
  DataFile pipe("");
  pipe.config.path += ".pipe";
  REQUIRE(::mkfifo(pipe.config.path.c_str(), 0600) == 0);
  for (const auto& format : known_formats()) {
    pipe.config.format = format;
    CHECK(
        pipe.error() ==
        "data.jsonl.pipe: is read more than once; a regular file was expected, no pipe or device");
  }
  DataFile folder("");
  folder.config.path = folder.config.path.parent_path();
  CHECK(folder.error().ends_with(": is a folder, a file was expected"));
}

TEST_CASE("a sample keeps the file's order and depends on the seed alone") {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text += row(std::to_string(1000 + i));
  }
  DataFile file(text);
  file.config.max_examples = 50;
  const auto ids = [&](std::uint64_t seed) {
    std::vector<std::string> found;
    for (const auto& e : read_examples(file.config, seed)) {
      found.push_back(e.id);
    }
    return found;
  };
  const auto first = ids(1);
  CHECK(first.size() == 50);
  CHECK(std::is_sorted(first.begin(), first.end()));
  CHECK(first == ids(1));
  CHECK(first != ids(2));
  file.config.max_examples = 500;
  CHECK(ids(1).size() == 200);
}
