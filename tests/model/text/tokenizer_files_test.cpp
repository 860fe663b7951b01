#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "model/text/tokenizer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/text.hpp"

using namespace lorafleet;
using model::Tokenizer;
using nlohmann::json;

namespace {

json small_tokenizer() {
  return json::parse(read_file(tests::golden_folder() / "tokenizer" / "bpe512_100k.json"));
}

/// The message for this tokenizer.json; "" where it loads.
std::string files_refusal(const json& tokenizer) {
  const tests::TemporaryFolder folder;
  write_file(folder / "tokenizer.json", tokenizer.dump());
  try {
    Tokenizer::load(folder.path());
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string files_refusal(const std::string& vocabulary, const std::string& merges) {
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

}  // namespace

TEST_CASE("merges may be written as pairs or as strings") {
  json tokenizer = small_tokenizer();
  REQUIRE(files_refusal(tokenizer).empty());
  for (json& merge : tokenizer["model"]["merges"]) {
    merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
  }
  CHECK(files_refusal(tokenizer).empty());
}

TEST_CASE("tokenizer.json is refused with the key and the reason") {
  const json good = small_tokenizer();
  json bad = good;
  bad["model"]["type"] = "WordLevel";
  CHECK(
      tests::contains(files_refusal(bad),
                      "tokenizer.json: model: type \"WordLevel\" is not supported; allowed: BPE"));

  bad = good;
  bad["normalizer"] = {{"type", "BertNormalizer"}};
  CHECK(tests::contains(files_refusal(bad),
                        "normalizer: type \"BertNormalizer\" is not supported; allowed: NFC, NFD"));

  bad = good;
  bad["pre_tokenizer"] = {{"type", "BertPreTokenizer"}};
  CHECK(tests::contains(
      files_refusal(bad),
      "pre_tokenizer: type \"BertPreTokenizer\" is not supported; allowed: ByteLevel, Split"));

  bad = good;
  bad["model"]["merges"][7] = {"Ġ", "zzz"};
  CHECK(tests::contains(files_refusal(bad),
                        "model.merges[7]: the merge \"Ġ\" + \"zzz\" needs the token \"zzz\""));

  bad = good;
  bad["model"]["merges"][7] = good["model"]["merges"][6];
  CHECK(tests::contains(files_refusal(bad), "occurs twice"));

  bad = good;
  bad["model"]["merges"][7] = "one two three";
  CHECK(tests::contains(files_refusal(bad), "a merge must be two tokens"));

  bad = good;
  bad["model"]["vocab"].erase("Ā");
  CHECK(tests::contains(files_refusal(bad), "no token for the byte 0x00"));

  bad = good;
  bad["model"]["vocab"]["A"] = bad["model"]["vocab"]["B"];
  CHECK(tests::contains(files_refusal(bad), "have the same id"));

  bad = good;
  bad["model"]["vocab"]["A"] = -1;
  CHECK(tests::contains(files_refusal(bad), "token \"A\": the id must be an integer from 0"));

  // From 2^63 on a careless comparison takes ids for negative numbers.
  for (const std::uint64_t id : std::initializer_list<std::uint64_t>{
           2147483648u, 9223372036854775808u, 18446744073709551615u}) {
    bad = good;
    bad["model"]["vocab"]["A"] = id;
    CHECK(tests::contains(
        files_refusal(bad),
        "token \"A\": the id must be an integer from 0 to 2147483647, not " + std::to_string(id)));
    bad = good;
    bad["added_tokens"][2]["id"] = id;
    CHECK(tests::contains(files_refusal(bad),
                          "added_tokens[2]: an id must be an integer from 0 to 2147483647"));
    bad = good;
    bad["post_processor"]["special_tokens"]["</s>"]["ids"] = {id};
    CHECK(tests::contains(files_refusal(bad),
                          "post_processor: an id must be an integer from 0 to 2147483647"));
  }

  bad = good;
  bad["model"]["vocab"]["two words"] = 900;
  CHECK(
      tests::contains(files_refusal(bad), "\"two words\" (id 900) is not written in the alphabet"));

  bad = good;
  bad["added_tokens"][2]["id"] = 77;
  CHECK(tests::contains(files_refusal(bad),
                        "added_tokens[2]: the added token \"</s>\" has the id 77"));

  bad = good;
  bad["added_tokens"][2]["lstrip"] = 1;
  CHECK(
      tests::contains(files_refusal(bad), "added_tokens[2].lstrip: must be true or false, not 1"));

  bad = good;
  bad["post_processor"]["special_tokens"]["</s>"]["ids"] = {5000};
  CHECK(tests::contains(files_refusal(bad), "post_processor: there is no token with the id 5000"));

  bad = good;
  bad["post_processor"]["type"] = "Other";
  CHECK(tests::contains(
      files_refusal(bad),
      "post_processor: type \"Other\" is not supported; allowed: ByteLevel, Template"));

  for (const char* key : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"}) {
    bad = good;
    bad["model"][key] = key == std::string("dropout") ? json(0.1) : json("@@");
    CHECK(tests::contains(files_refusal(bad), std::string("model: ") + key + " = "));
  }

  CHECK(tests::contains(files_refusal(json::array()), "an object was expected"));
}

TEST_CASE("a model without a type is BPE where it has merges, as GPT-2's own file") {
  json tokenizer = small_tokenizer();
  tokenizer["model"].erase("type");
  CHECK(files_refusal(tokenizer).empty());
  tokenizer["model"].erase("merges");
  CHECK(tests::contains(files_refusal(tokenizer), "model: type null is not supported"));
}

TEST_CASE("an unknown decoder is refused, and none is needed") {
  json tokenizer = small_tokenizer();
  tokenizer["decoder"] = {{"type", "CTC"}};
  CHECK(tests::contains(files_refusal(tokenizer), "decoder: type \"CTC\" is not supported"));
  tokenizer["decoder"] = {{"type", "Sequence"}, {"decoders", {{{"type", "Fuse"}}, nullptr}}};
  CHECK(tests::contains(files_refusal(tokenizer),
                        "decoder.decoders[1]: a part was expected, not null"));
  tokenizer["decoder"] = nullptr;
  CHECK(files_refusal(tokenizer).empty());
  tokenizer["decoder"] = {{"type", "Sequence"}, {"decoders", {{{"type", "ByteLevel"}}}}};
  CHECK(files_refusal(tokenizer).empty());
}

namespace {

/// The tokenizer of a folder with tokenizer.json, whose post-processor is replaced, and the files.
model::TokenizerPtr load_with(const json& post_processor, const std::string& config,
                              const std::string& map = "") {
  const tests::TemporaryFolder folder;
  json tokenizer = small_tokenizer();
  if (!post_processor.is_string()) tokenizer["post_processor"] = post_processor;
  write_file(folder / "tokenizer.json", tokenizer.dump());
  write_file(folder / "tokenizer_config.json", config);
  if (!map.empty()) write_file(folder / "special_tokens_map.json", map);
  return Tokenizer::load(folder.path());
}

const json kByteLevel = {{"type", "ByteLevel"}, {"trim_offsets", false}};
using Ids = std::vector<std::int32_t>;

/// The only warning, without the folder.
std::string warning(const model::TokenizerPtr& tokenizer) {
  REQUIRE(tokenizer->warnings().size() == 1);
  const std::string text = tokenizer->warnings()[0];
  return text.substr(text.find("tokenizer_config.json"));
}

}  // namespace

TEST_CASE("add_bos_token counts more than the post-processor, with a warning") {
  const auto opt = load_with(
      kByteLevel,
      R"({"add_bos_token": true, "bos_token": "</s>", "tokenizer_class": "GPT2Tokenizer"})");
  CHECK(opt->encode_with_specials("") == Ids{2});
  CHECK(warning(opt) ==
        "tokenizer_config.json: add_bos_token puts \"</s>\" in front of a text, the post-processor "
        "of "
        "tokenizer.json nothing: add_bos_token counts");

  const auto none = load_with("keep", R"({"add_bos_token": false})");
  CHECK(none->encode_with_specials("") == Ids{});
  CHECK(
      warning(none) ==
      "tokenizer_config.json: add_bos_token puts nothing in front of a text, the post-processor of "
      "tokenizer.json \"</s>\": add_bos_token counts");

  const auto other =
      load_with("keep", R"({"add_bos_token": true, "bos_token": {"content": "<s>"}})");
  CHECK(other->encode_with_specials("") == Ids{0});
  CHECK(other->warnings().size() == 1);
}

TEST_CASE("without a contradiction between the tokenizer's files there is no warning") {
  const auto same = load_with("keep", R"({"add_bos_token": true, "add_eos_token": false,
      "tokenizer_class": "TokenizersBackend", "backend": "tokenizers",
      "added_tokens_decoder": {"2": {"content": "</s>", "special": true}}})",
                              R"({"bos_token": "</s>"})");
  CHECK(same->encode_with_specials("") == Ids{2});
  CHECK(same->warnings().empty());
  CHECK(load_with(kByteLevel, R"({"tokenizer_class": "PreTrainedTokenizerFast"})")
            ->encode_with_specials("") == Ids{});
  CHECK(load_with(nullptr, "{}")->encode_with_specials("") == Ids{});
}

TEST_CASE("add_eos_token puts eos behind a text") {
  const auto tokenizer = load_with(kByteLevel, R"({"add_eos_token": true, "eos_token": "</s>"})");
  CHECK(tokenizer->encode_with_specials("") == Ids{2});
  CHECK(tokenizer->prefix().empty());
  CHECK(tokenizer->warnings().size() == 1);
}

TEST_CASE("a begin token that is not named, or is none, is refused") {
  CHECK_THROWS_WITH_AS(load_with(kByteLevel, R"({"add_bos_token": true})"),
                       doctest::Contains("add_bos_token is true, but no bos_token is named"),
                       InputError);
  CHECK_THROWS_WITH_AS(load_with(kByteLevel, R"({"add_bos_token": true, "bos_token": "<new>"})"),
                       doctest::Contains("the bos_token, \"<new>\", is not a token"), InputError);
  CHECK_THROWS_WITH_AS(load_with(kByteLevel, R"({"add_prefix_space": true})"),
                       doctest::Contains("add_prefix_space must be false"), InputError);
}

TEST_CASE("tokens and ids of added_tokens_decoder are compared with tokenizer.json") {
  const auto moved =
      load_with("keep", R"({"added_tokens_decoder": {"9": {"content": "</s>", "special": true}}})");
  CHECK(moved->encode_with_specials("</s>") == Ids{2, 2});
  CHECK(warning(moved) ==
        "tokenizer_config.json: added_tokens_decoder gives \"</s>\" the id 9, "
        "tokenizer.json 2: tokenizer.json counts");
  const auto taken = load_with("keep", R"({"added_tokens_decoder": {"9": {"content": "<sep>"}}})");
  CHECK(taken->encode_with_specials("<sep>").size() > 2);
  CHECK(taken->warnings().size() == 1);
  const auto fresh =
      load_with("keep", R"({"added_tokens_decoder": {"700": {"content": "<sep>"}}})");
  CHECK(fresh->encode_with_specials("<sep>") == Ids{2, 700});
  CHECK(fresh->vocab_size() == 701);
  CHECK(fresh->warnings().empty());
}

TEST_CASE("tokens that two files name differently are a warning") {
  const auto tokenizer =
      load_with("keep", R"({"bos_token": "</s>"})", R"({"bos_token": {"content": "<s>"}})");
  CHECK(warning(tokenizer) ==
        "tokenizer_config.json: bos_token is \"</s>\", in special_tokens_map.json it is \"<s>\": "
        "tokenizer_config.json counts");
}

TEST_CASE("vocab.json and merges.txt are refused with the line and the reason") {
  const std::string vocabulary = small_tokenizer()["model"]["vocab"].dump();
  REQUIRE(files_refusal(vocabulary, "#version: 0.2\nĠ t\nh e\n").empty());
  CHECK(tests::contains(
      files_refusal(vocabulary, "#version: 0.2\nĠ t\nh\n"),
      "merges.txt:3: a merge must be two tokens with one space between, not \"h\""));
  CHECK(tests::contains(files_refusal(vocabulary, "Ġ t\nĠ t\n"),
                        "merges.txt:2: the merge \"Ġ t\" occurs twice"));
  CHECK(tests::contains(files_refusal("{\"a\": 0, \"a\": 1}", ""),
                        "vocab.json: the key \"a\" occurs twice"));
  CHECK(tests::contains(files_refusal("{\"a\": ", ""), "vocab.json: not valid JSON"));
  CHECK(tests::contains(files_refusal("[1]", ""), "an object of tokens and ids was expected"));
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

TEST_CASE("sentencepiece's own file is refused with what to do") {
  const tests::TemporaryFolder folder;
  write_file(folder / "tokenizer.model", "");
  CHECK_THROWS_WITH_AS(Tokenizer::load(folder.path()),
                       doctest::Contains("tokenizer.model: sentencepiece's own file is not "
                                         "supported; make a tokenizer.json of it"),
                       InputError);
}

TEST_CASE("beside a tokenizer.json the class does not matter, nor what strips white space") {
  const auto tokenizer = load_with("keep", R"({"tokenizer_class": "LlamaTokenizer",
      "bos_token": {"content": "</s>", "lstrip": false}, "eos_token": "</s>", "pad_token": null,
      "mask_token": {"content": "<mask>", "lstrip": true}, "add_prefix_space": null,
      "added_tokens_decoder": {"700": {"content": "<mask>", "lstrip": true, "special": true}}})");
  CHECK(tokenizer->warnings().empty());
  CHECK(tokenizer->encode_with_specials("a  <mask>").back() == 700);
  CHECK(tokenizer->decode(tokenizer->encode_with_specials("a  <mask>")) == "</s>a<mask>");
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

TEST_CASE("added_tokens.json and added_tokens_decoder name tokens beyond vocab.json") {
  const tests::TemporaryFolder folder;
  write_file(folder / "vocab.json", small_tokenizer()["model"]["vocab"].dump());
  write_file(folder / "merges.txt", "Ġ t\n");
  write_file(folder / "added_tokens.json", R"({"<mask>": 700, "<word>": 701})");
  write_file(folder / "special_tokens_map.json",
             R"({"bos_token": {"content": "</s>", "lstrip": false}, "mask_token": "<mask>"})");
  write_file(folder / "tokenizer_config.json",
             R"({"add_bos_token": true, "tokenizer_class": "GPT2Tokenizer",
                 "add_prefix_space": false, "errors": "replace",
                 "added_tokens_decoder": {"702": {"content": "<end>", "special": true}}})");
  const auto tokenizer = Tokenizer::load(folder.path());
  const std::vector<std::int32_t> ids = {2, 700, 701, 702};
  CHECK(tokenizer->encode_with_specials("<mask><word><end>") == ids);
  CHECK(tokenizer->decode(ids, true) == "<word>");
  CHECK(tokenizer->encode("<mask>").size() > 1);
  CHECK(tokenizer->vocab_size() == 703);
}

TEST_CASE("files beside vocab.json that would change the ids are refused") {
  const auto refusal_with = [](const std::string& name, const std::string& content) {
    const tests::TemporaryFolder folder;
    write_file(folder / "vocab.json", small_tokenizer()["model"]["vocab"].dump());
    write_file(folder / "merges.txt", "Ġ t\n");
    write_file(folder / name, content);
    try {
      Tokenizer::load(folder.path());
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto config = [&](const std::string& content) {
    return refusal_with("tokenizer_config.json", content);
  };
  CHECK(tests::contains(config(R"({"add_prefix_space": true})"), "add_prefix_space must be false"));
  CHECK(tests::contains(
      config(R"({"tokenizer_class": "LlamaTokenizer"})"),
      "tokenizer_class \"LlamaTokenizer\" is not supported without a tokenizer.json; allowed: "
      "GPT2Tokenizer, GPT2TokenizerFast, TokenizersBackend"));
  CHECK(tests::contains(config(R"({"pad_token": {"content": "</s>", "lstrip": true}})"),
                        "pad_token: lstrip = true is not supported"));
  CHECK(tests::contains(config(R"({"add_bos_token": 1})"), "add_bos_token must be true or false"));
  CHECK(tests::contains(config(R"({"added_tokens_decoder": {"7x": {"content": "<a>"}}})"),
                        "added_tokens_decoder: the id of the added token \"<a>\""));
  CHECK(tests::contains(config(R"({"added_tokens_decoder": []})"), "an object was expected"));
  CHECK(tests::contains(refusal_with("added_tokens.json", R"({"<a>": 18446744073709551615})"),
                        "must be an integer from 0 to 2147483647, not 18446744073709551615"));
  CHECK(tests::contains(refusal_with("added_tokens.json", R"({"</s>": 9})"),
                        "the added token \"</s>\" has the id 9, in the vocabulary it has 2"));
  CHECK(tests::contains(refusal_with("special_tokens_map.json", std::string(100'000, '[')),
                        "special_tokens_map.json"));
}
