#include "model/text/pipeline/pre_tokenizers/pre_tokenizers.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "partition/support/error.hpp"
#include "tests/model/text/named_setting.hpp"

using namespace lorafleet;
using nlohmann::json;
using Words = std::vector<std::string>;

namespace {

Words words(const json& setting, const std::string& text, bool first = true) {
  Words all;
  model::make_pre_tokenizer(model::Setting(setting, "t"))
      ->split({text, nullptr, first},
              [&](const model::Piece& piece) { all.emplace_back(piece.text); });
  return all;
}

json sequence(const json& parts) {
  return {{"type", "Sequence"}, {"pretokenizers", parts}};
}

std::string pre_tokenizer_refusal(const json& setting) {
  try {
    model::make_pre_tokenizer(model::Setting(setting, "t"));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

json metaspace(const std::string& scheme, bool split) {
  return {{"type", "Metaspace"}, {"prepend_scheme", scheme}, {"split", split}};
}

}  // namespace

TEST_CASE("digits are cut out in runs, or one by one") {
  CHECK(words(tests::named("Digits"), "a12²b3") == Words{"a", "12²", "b", "3"});
  CHECK(words({{"type", "Digits"}, {"individual_digits", true}}, "a12½") ==
        Words{"a", "1", "2", "½"});
}

TEST_CASE("words are cut at white space and punctuation") {
  CHECK(words(tests::named("WhitespaceSplit"), " a,b \u3000c\n") == Words{"a,b", "c"});
  CHECK(words(tests::named("Whitespace"), "it's  2_e\u0301, €5!") ==
        Words{"it", "'", "s", "2_e\u0301", ",", "€", "5", "!"});
  CHECK(words(tests::named("Punctuation"), "a$b—c..") == Words{"a", "$", "b", "—", "c", ".", "."});
  CHECK(words({{"type", "Punctuation"}, {"behavior", "Contiguous"}}, "a..") == Words{"a", ".."});
}

TEST_CASE("Metaspace marks spaces and, by its scheme, the begin") {
  CHECK(words(metaspace("always", true), "a  b") == Words{"▁a", "▁", "▁b"});
  CHECK(words(metaspace("always", true), " a") == Words{"▁a"});
  CHECK(words(metaspace("never", false), "a b") == Words{"a▁b"});
  CHECK(words(metaspace("first", false), "a b") == Words{"▁a▁b"});
  CHECK(words(metaspace("first", false), "a b", false) == Words{"a▁b"});
  CHECK(words({{"type", "Metaspace"}, {"add_prefix_space", false}}, "a b") == Words{"a", "▁b"});
  // Only the first of the words begins the text.
  CHECK(words(sequence({tests::named("WhitespaceSplit"), metaspace("first", true)}), "a b") ==
        Words{"▁a", "b"});
}

TEST_CASE("ByteLevel leaves bytes as they are as the last step, and writes its alphabet before") {
  const json spaced = {{"type", "ByteLevel"}, {"use_regex", false}};
  CHECK(words(spaced, "é a") == Words{" é a"});
  CHECK(words(sequence({spaced, tests::named("Digits")}), "é1") == Words{"ĠÃ©", "1"});
  CHECK(
      model::ends_with_byte_level(model::Setting(sequence({tests::named("Digits"), spaced}), "t")));
  CHECK(!model::ends_with_byte_level(
      model::Setting(sequence({spaced, tests::named("Digits")}), "t")));
  CHECK(pre_tokenizer_refusal(
            sequence(json::array({sequence(json::array({spaced})), tests::named("Digits")}))) ==
        "t: pretokenizers[0]: a Sequence that ends with ByteLevel must be the last step");
}

TEST_CASE("Split cuts at strings and at regular expressions") {
  const auto split = [](const json& pattern, const char* behavior, bool invert) {
    return json{
        {"type", "Split"}, {"pattern", pattern}, {"behavior", behavior}, {"invert", invert}};
  };
  CHECK(words(split({{"String", "ab"}}, "Isolated", false), "abxabab") ==
        Words{"ab", "x", "ab", "ab"});
  CHECK(words(split({{"Regex", "\\p{L}+"}}, "Removed", true), "ab, cd") == Words{"ab", "cd"});
  CHECK(words(split({{"Regex", "x*"}}, "Isolated", false), "éxxa") == Words{"é", "xx", "a"});
  CHECK(pre_tokenizer_refusal(split("x", "Isolated", false)).find("t: pattern: must be") == 0);
  CHECK(pre_tokenizer_refusal(split({{"String", "x"}}, "Gone", false))
            .find("t: behavior: \"Gone\"") == 0);
}

TEST_CASE("who keeps the text says so") {
  const auto keeps = [](const json& setting) {
    return model::make_pre_tokenizer(model::Setting(setting, "t"))->keeps_text();
  };
  const json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  CHECK(keeps(sequence({tests::named("Digits"), byte_level})));
  CHECK(!keeps(tests::named("ByteLevel")));
  CHECK(!keeps(sequence({tests::named("WhitespaceSplit"), byte_level})));
  CHECK(!keeps(metaspace("never", true)));
}
