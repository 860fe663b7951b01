#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "model/tokenizer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using model::Tokenizer;
using nlohmann::json;

namespace {

json small_tokenizer() {
  return json::parse(read_file(tests::golden_folder() / "tokenizer" / "bpe512_100k.json"));
}

/// The message for this tokenizer.json; "" where it loads.
std::string refusal(const json& tokenizer) {
  const tests::TemporaryFolder folder;
  write_file(folder / "tokenizer.json", tokenizer.dump());
  try {
    Tokenizer::load(folder.path());
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string refusal(const std::string& vocabulary, const std::string& merges) {
  const tests::TemporaryFolder folder;
  write_file(folder / "vocab.json", vocabulary);
  write_file(folder / "merges.txt", merges);
  try {
    Tokenizer::load(folder.path());
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("merges may be written as pairs or as strings") {
  json tokenizer = small_tokenizer();
  REQUIRE(refusal(tokenizer).empty());
  for (json& merge : tokenizer["model"]["merges"]) {
    merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
  }
  CHECK(refusal(tokenizer).empty());
}

TEST_CASE("tokenizer.json is refused with the key and the reason") {
  const json good = small_tokenizer();
  json bad = good;
  bad["model"]["type"] = "Unigram";
  CHECK(contains(refusal(bad), "tokenizer.json: model: type \"Unigram\" is not supported"));

  bad = good;
  bad["normalizer"] = {{"type", "NFC"}};
  CHECK(contains(refusal(bad), "normalizer: none is supported"));

  bad = good;
  bad["pre_tokenizer"] = {{"type", "Whitespace"}};
  CHECK(contains(refusal(bad), "only ByteLevel"));

  bad = good;
  bad["model"]["merges"][7] = {"Ġ", "zzz"};
  CHECK(
      contains(refusal(bad), "model.merges[7]: the merge \"Ġ\" + \"zzz\" needs the token \"zzz\""));

  bad = good;
  bad["model"]["merges"][7] = good["model"]["merges"][6];
  CHECK(contains(refusal(bad), "occurs twice"));

  bad = good;
  bad["model"]["merges"][7] = "one two three";
  CHECK(contains(refusal(bad), "a merge must be two tokens"));

  bad = good;
  bad["model"]["vocab"].erase("Ā");
  CHECK(contains(refusal(bad), "no token for the byte 0x00"));

  bad = good;
  bad["model"]["vocab"]["A"] = bad["model"]["vocab"]["B"];
  CHECK(contains(refusal(bad), "have the same id"));

  bad = good;
  bad["model"]["vocab"]["A"] = -1;
  CHECK(contains(refusal(bad), "token \"A\": the id must be an integer from 0"));

  // From 2^63 on a careless comparison takes ids for negative numbers.
  for (const std::uint64_t id : std::initializer_list<std::uint64_t>{
           2147483648u, 9223372036854775808u, 18446744073709551615u}) {
    bad = good;
    bad["model"]["vocab"]["A"] = id;
    CHECK(contains(
        refusal(bad),
        "token \"A\": the id must be an integer from 0 to 2147483647, not " + std::to_string(id)));
    bad = good;
    bad["added_tokens"][2]["id"] = id;
    CHECK(contains(refusal(bad), "added_tokens[2]: an id must be an integer from 0 to 2147483647"));
    bad = good;
    bad["post_processor"]["special_tokens"]["</s>"]["ids"] = {id};
    CHECK(contains(refusal(bad), "post_processor: an id must be an integer from 0 to 2147483647"));
  }

  bad = good;
  bad["model"]["vocab"]["two words"] = 900;
  CHECK(contains(refusal(bad), "\"two words\" (id 900) is not written in the alphabet"));

  bad = good;
  bad["added_tokens"][2]["id"] = 77;
  CHECK(contains(refusal(bad), "added_tokens[2]: the added token \"</s>\" has the id 77"));

  bad = good;
  bad["added_tokens"][2]["lstrip"] = true;
  CHECK(contains(refusal(bad), "lstrip = true is not supported"));

  bad = good;
  bad["post_processor"]["special_tokens"]["</s>"]["ids"] = {5000};
  CHECK(contains(refusal(bad), "post_processor: there is no token with the id 5000"));

  bad = good;
  bad["post_processor"]["type"] = "BertProcessing";
  CHECK(contains(refusal(bad), "allowed: ByteLevel, TemplateProcessing"));

  CHECK(contains(refusal(json::array()), "an object was expected"));
}

TEST_CASE("vocab.json and merges.txt are refused with the line and the reason") {
  const std::string vocabulary = small_tokenizer()["model"]["vocab"].dump();
  REQUIRE(refusal(vocabulary, "#version: 0.2\nĠ t\nh e\n").empty());
  CHECK(contains(refusal(vocabulary, "#version: 0.2\nĠ t\nh\n"),
                 "merges.txt:3: a merge must be two tokens with one space between, not \"h\""));
  CHECK(
      contains(refusal(vocabulary, "Ġ t\nĠ t\n"), "merges.txt:2: the merge \"Ġ t\" occurs twice"));
  CHECK(contains(refusal("{\"a\": 0, \"a\": 1}", ""), "vocab.json: the key \"a\" occurs twice"));
  CHECK(contains(refusal("{\"a\": ", ""), "vocab.json: not valid JSON"));
  CHECK(contains(refusal("[1]", ""), "an object of tokens and ids was expected"));
}

TEST_CASE("a folder without a tokenizer, or without merges, is refused") {
  const tests::TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(Tokenizer::load(folder.path()),
                       doctest::Contains("no tokenizer: tokenizer.json, or vocab.json"),
                       InputError);
  write_file(folder / "vocab.json", small_tokenizer()["model"]["vocab"].dump());
  CHECK_THROWS_WITH_AS(Tokenizer::load(folder.path()),
                       doctest::Contains("merges.txt: no such file"), InputError);
}

TEST_CASE("a special token that the vocabulary has not is refused") {
  const tests::TemporaryFolder folder;
  write_file(folder / "vocab.json", small_tokenizer()["model"]["vocab"].dump());
  write_file(folder / "merges.txt", "Ġ t\n");
  write_file(folder / "special_tokens_map.json", R"({"pad_token": "[PAD]"})");
  CHECK_THROWS_WITH_AS(
      Tokenizer::load(folder.path()),
      doctest::Contains("special_tokens_map.json: pad_token: the special token \"[PAD]\""),
      InputError);
}
