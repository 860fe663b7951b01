#include "model/text/pipeline/decoders/decoders.hpp"
#include "tests/model/text/named_setting.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using namespace lorafleet;
using nlohmann::json;
using Texts = std::vector<std::string>;

namespace {

std::string decoded(const json& setting, Texts tokens) {
  const json parsed = json::parse(setting.dump());  // as from a file
  model::make_decoder(model::Setting(parsed, "t"))->apply(tokens);
  std::string text;
  for (const auto& token : tokens)
    text += token;
  return text;
}

}  // namespace

TEST_CASE("bytes are decoded together, and text that is none as it is") {
  CHECK(decoded(tests::named("ByteLevel"), {"caf", "Ã", "©", "a b", "Ġx", "Ã"}) ==
        "caféa b x\ufffd");
  CHECK(decoded(tests::named("ByteLevel"), {"café"}) == "caf\ufffd");
}

TEST_CASE("tokens for bytes become text where they are UTF-8, else a mark for each") {
  CHECK(decoded(tests::named("ByteFallback"), {"<0xC3>", "<0xA9>", "x", "<0xC3>", "<0x41>"}) ==
        "éx\ufffd\ufffd");
  CHECK(decoded(tests::named("ByteFallback"), {"<0xG0>", "<0x411>"}) == "<0xG0><0x411>");
}

TEST_CASE("only the first text loses its space once all are one") {
  const json strip = {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}};
  CHECK(decoded(strip, {" a", "  b"}) == "a b");
  CHECK(decoded({{"type", "Sequence"}, {"decoders", {tests::named("Fuse"), strip}}},
                {" a", " b"}) == "a b");
  CHECK(decoded({{"type", "Strip"}, {"content", "x"}, {"start", 0}, {"stop", 2}}, {"axxx"}) ==
        "ax");
}

TEST_CASE("Metaspace drops the marks of the first token, unless none are put there") {
  CHECK(decoded(tests::named("Metaspace"), {"▁▁a", "▁b"}) == "a b");
  CHECK(decoded({{"type", "Metaspace"}, {"prepend_scheme", "never"}}, {"▁a", "▁b"}) == " a b");
}

TEST_CASE("WordPiece's words get spaces, and punctuation is tidied up") {
  const json plain = {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", false}};
  const Texts tokens = {"##a", "##b", "do", "not", ".", "##'", "s"};
  CHECK(decoded(plain, tokens) == "##ab do not .' s");
  CHECK(decoded(tests::named("WordPiece"), {"it", "'s", "fun", "."}) == "it's fun.");
}

TEST_CASE("one token has the bytes that it stands for in a text") {
  const json setting = {{"type", "Sequence"},
                        {"decoders",
                         {{{"type", "Replace"}, {"pattern", {{"String", "▁"}}}, {"content", " "}},
                          tests::named("ByteFallback"),
                          tests::named("Fuse")}}};
  const auto decoder = model::make_decoder(model::Setting(setting, "t"));
  CHECK(decoder->bytes_of("▁a▁") == " a ");
  CHECK(decoder->bytes_of("<0xE2>") == "\xe2");
}
