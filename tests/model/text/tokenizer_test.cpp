#include "model/text/tokenizer.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "partition/support/files.hpp"
#include "partition/support/utf8.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using model::TextSpan;
using model::Tokenizer;
using model::TokenizerPtr;
using nlohmann::json;
using Ids = std::vector<std::int32_t>;

namespace {

std::filesystem::path golden_file(const std::string& name) {
  return tests::golden_folder() / "tokenizer" / name;
}

std::vector<json> rows(const std::string& name) {
  std::vector<json> all;
  for_each_line(golden_file(name), [&](std::string_view line, std::size_t) {
    all.push_back(json::parse(line.begin(), line.end()));
  });
  return all;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

const Tokenizer& gpt2() {
  static const TokenizerPtr tokenizer = Tokenizer::load(golden_file("gpt2"));
  return *tokenizer;
}

const Tokenizer& opt_mini() {
  static const TokenizerPtr tokenizer =
      Tokenizer::load(tests::source_folder() / "scenarios" / "base" / "opt-mini");
  return *tokenizer;
}

/// What the tokens stand for, one behind the other.
std::string bytes_of(const Tokenizer& tokenizer, const Ids& ids) {
  std::string bytes;
  for (const std::int32_t id : ids)
    bytes += tokenizer.token_bytes(id).value();
  return bytes;
}

/// GPT-2's merges with a vocabulary whose ids are shifted by OPT's four special tokens: OPT's own,
/// up to the names of the ordinary ids.
void write_opt_like(const std::filesystem::path& directory) {
  json vocabulary = json::parse(read_file(golden_file("gpt2/vocab.json")));
  for (auto& id : vocabulary) {
    id = id.get<int>() + 4;
  }
  vocabulary.update({{"<s>", 0}, {"<pad>", 1}, {"</s>", 2}, {"<unk>", 3}});
  write_file(directory / "vocab.json", vocabulary.dump());
  write_file(directory / "merges.txt", read_file(golden_file("gpt2/merges.txt")));
}

}  // namespace

TEST_CASE("GPT-2's ids are those of the reference") {
  const auto all = rows("gpt2_golden.jsonl");
  REQUIRE(all.size() == 261);
  for (const json& row : all) {
    CAPTURE(row["text"].dump());
    CHECK(gpt2().encode(row["text"].get<std::string>()) == row["ids"].get<Ids>());
    CHECK(bytes_of(gpt2(), row["ids"].get<Ids>()) == from_hex(row["utf8_hex"].get<std::string>()));
  }
}

TEST_CASE("ids decode to the reference's bytes and text") {
  const auto all = rows("decode_golden.jsonl");
  REQUIRE(all.size() == 34);
  for (const json& row : all) {
    const Ids ids = row["gpt2"].get<Ids>();
    CHECK(bytes_of(gpt2(), ids) == from_hex(row["bytes_hex"].get<std::string>()));
    CHECK(gpt2().decode(ids) == row["text"].get<std::string>());
  }
}

TEST_CASE("invalid UTF-8 is replaced before encoding, and tokens can stand for it") {
  const auto all = rows("invalid_utf8_golden.jsonl");
  REQUIRE(all.size() == 16);
  for (const json& row : all) {
    const std::string bytes = from_hex(row["hex"].get<std::string>());
    CAPTURE(row["hex"]);
    CHECK(gpt2().encode(bytes) == row["gpt2_replaced"].get<Ids>());
    CHECK(gpt2().encode(bytes) == gpt2().encode(row["replaced_text"].get<std::string>()));
    CHECK(bytes_of(gpt2(), row["gpt2_tiktoken_bytes"].get<Ids>()) == bytes);
  }
}

TEST_CASE("the ids of the shipped base's tokenizer are those of the reference") {
  const auto all = rows("bpe4096_pd_golden.jsonl");
  REQUIRE(all.size() == 317);
  for (const json& row : all) {
    CAPTURE(row["text"].dump());
    CHECK(opt_mini().encode(row["text"].get<std::string>()) == row["ids"].get<Ids>());
  }
  CHECK(opt_mini().vocab_size() == 4096);
}

TEST_CASE("a tokenizer of 512 tokens gives the reference's ids") {
  const tests::TemporaryFolder folder;
  write_file(folder / "tokenizer.json", read_file(golden_file("bpe512_100k.json")));
  const auto tokenizer = Tokenizer::load(folder.path());
  const auto all = rows("bpe512_100k_golden.jsonl");
  REQUIRE(all.size() == 440);
  for (const json& row : all) {
    CAPTURE(row["text"].dump());
    CHECK(tokenizer->encode(row["text"].get<std::string>()) == row["ids"].get<Ids>());
  }
}

TEST_CASE("OPT's special tokens stand where the reference has them") {
  const tests::TemporaryFolder folder;
  write_opt_like(folder.path());
  const auto tokenizer = Tokenizer::load(folder.path());
  std::map<std::int32_t, std::int32_t> to_reference, from_reference;
  const auto all = rows("opt_special_golden.jsonl");
  REQUIRE(all.size() == 18);
  for (const json& row : all) {
    CAPTURE(row["text"].dump());
    const Ids ids = tokenizer->encode_with_specials(row["text"].get<std::string>());
    const Ids reference = row["opt_with_bos"].get<Ids>();
    REQUIRE(ids.size() == reference.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] < 4 || reference[i] < 4) {
        CHECK(ids[i] == reference[i]);
      }
      CHECK(to_reference.emplace(ids[i], reference[i]).first->second == reference[i]);
      CHECK(from_reference.emplace(reference[i], ids[i]).first->second == ids[i]);
    }
  }
}

TEST_CASE("a post-processor puts its tokens around, and plain encoding does not") {
  CHECK(opt_mini().encode_with_specials("") == Ids{2});
  Ids expected = opt_mini().encode("Hello world");
  CHECK(opt_mini().encode("</s>").size() > 1);
  expected.insert(expected.begin(), 2);
  expected.push_back(2);
  CHECK(opt_mini().encode_with_specials("Hello world</s>") == expected);
  CHECK(opt_mini().decode(expected) == "</s>Hello world</s>");
  CHECK(opt_mini().decode(expected, true) == "Hello world");
  CHECK(gpt2().encode_with_specials("Hello<|endoftext|> world") == Ids{15496, 50256, 995});
}

TEST_CASE("the files beside vocab.json decide whether bos goes in front") {
  const tests::TemporaryFolder folder;
  write_opt_like(folder.path());
  const auto first_id = [&] {
    return Tokenizer::load(folder.path())->encode_with_specials("a")[0];
  };
  CHECK(first_id() == 2);
  write_file(folder / "config.json", R"({"model_type": "gpt2"})");
  CHECK(first_id() != 2);
  write_file(folder / "config.json", R"({"model_type": "opt"})");
  CHECK(first_id() == 2);
  write_file(folder / "tokenizer_config.json", R"({"add_bos_token": false, "bos_token": "<s>"})");
  CHECK(first_id() > 3);
  write_file(folder / "tokenizer_config.json",
             R"({"add_bos_token": true, "bos_token": {"content": "<s>", "lstrip": false}})");
  CHECK(first_id() == 0);
}

TEST_CASE("special tokens are those that special_tokens_map.json names") {
  const tests::TemporaryFolder folder;
  write_opt_like(folder.path());
  write_file(folder / "special_tokens_map.json",
             R"({"bos_token": "</s>", "unk_token": {"content": "<unk>"}})");
  const auto tokenizer = Tokenizer::load(folder.path());
  CHECK(tokenizer->encode_with_specials("<unk></s>") == Ids{2, 3, 2});
  CHECK(tokenizer->encode_with_specials("<pad>").size() > 2);
}

TEST_CASE("added tokens are found in a template's literals only") {
  const std::string text = "a</s>b</s>c";
  const std::vector<TextSpan> first = {{0, 6}};
  std::vector<TextSpan> spans;
  const Ids found = opt_mini().encode_template_text(text, first, &spans);
  Ids expected = opt_mini().encode("a");
  expected.push_back(2);
  const Ids rest = opt_mini().encode("b</s>c");
  expected.insert(expected.end(), rest.begin(), rest.end());
  CHECK(found == expected);
  REQUIRE(spans.size() == found.size());
  CHECK(spans[0] == TextSpan{0, 1});
  CHECK(spans[1] == TextSpan{1, 5});
  CHECK(spans.back().end == text.size());
  CHECK(opt_mini().encode_template_text(text, {}) == opt_mini().encode(text));
  // A literal's border cuts no word, and a token across it is none.
  const std::vector<TextSpan> halves = {{0, 3}, {3, 5}};
  CHECK(opt_mini().encode_template_text("a</s>", halves) == opt_mini().encode("a</s>"));
  CHECK(opt_mini().encode_template_text("Hello", halves) == opt_mini().encode("Hello"));
}

TEST_CASE("literals keep their places where bytes before them are repaired") {
  const std::vector<TextSpan> literal = {{2, 6}};
  Ids expected = opt_mini().encode("\xff\xfe");
  expected.push_back(2);
  CHECK(opt_mini().encode_template_text("\xff\xfe</s>", literal) == expected);
}

TEST_CASE("the tokens of any text stand for its bytes") {
  CHECK(rc::check("any bytes", [](const std::string& bytes) {
    const std::string text = replace_invalid_utf8(bytes);
    RC_ASSERT(bytes_of(gpt2(), gpt2().encode(bytes)) == text);
    RC_ASSERT(bytes_of(opt_mini(), opt_mini().encode(bytes)) == text);
  }));
}

TEST_CASE("a word of a megabyte is encoded without loss") {
  const std::string megabyte(1 << 20, 'x');
  CHECK(gpt2().decode(gpt2().encode(megabyte)) == megabyte);
}

TEST_CASE("threads that share a tokenizer get the same ids") {
  const std::string text = read_file(tests::golden_folder() / "tokenizer" / "gpt2_golden.jsonl");
  const Ids expected = gpt2().encode(text);
  std::vector<Ids> results(4);
  {
    std::vector<std::jthread> threads;
    for (Ids& result : results) {
      threads.emplace_back([&] { result = gpt2().encode(text); });
    }
  }
  for (const Ids& result : results) {
    CHECK(result == expected);
  }
}

TEST_CASE("an id without a token cannot be decoded") {
  CHECK_THROWS_AS(gpt2().decode(Ids{50257}), std::out_of_range);
  CHECK_THROWS_AS(gpt2().decode(Ids{-1}), std::out_of_range);
}
