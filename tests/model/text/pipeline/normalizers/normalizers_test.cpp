#include "model/text/pipeline/normalizers/normalizers.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "partition/support/error.hpp"
#include "partition/support/utf8.hpp"
#include "tests/model/text/named_setting.hpp"

using namespace lorafleet;
using model::AlignedText;
using model::TextSpan;
using nlohmann::json;

namespace {

AlignedText applied(const json& setting, const std::string& text) {
  AlignedText result(text, 0, true);
  const auto normalizer = model::make_normalizer(model::Setting(setting, "t"));
  if (normalizer) normalizer->apply(result);
  return result;
}

std::string normalized(const json& setting, const std::string& text) {
  return applied(setting, text).str();
}

json replace(const json& pattern, const std::string& content) {
  return {{"type", "Replace"}, {"pattern", pattern}, {"content", content}};
}

json regex(const std::string& expression) {
  return {{"Regex", expression}};
}

/// Where the byte `at` of what becomes of `text` comes from.
TextSpan origin(const json& setting, const std::string& text, std::size_t at) {
  return applied(setting, text).piece(true).origins[at];
}

}  // namespace

TEST_CASE("each Unicode form is that of ICU") {
  CHECK(normalized(tests::named("NFC"), "cafe\u0301 A\u030a ﬁ") == "café Å ﬁ");
  CHECK(normalized(tests::named("NFD"), "café 각") == "cafe\u0301 \u1100\u1161\u11a8");
  CHECK(normalized(tests::named("NFKC"), "ﬁ ² cafe\u0301") == "fi 2 café");
  CHECK(normalized(tests::named("NFKD"), "ﬁ é") == "fi e\u0301");
  CHECK(normalized(tests::named("NFC"), "a\u0323\u0307 a\u0307\u0323") == "ạ\u0307 ạ\u0307");
}

TEST_CASE("characters of after Unicode 12 are not normalized") {
  CHECK(normalized(tests::named("NFC"), "\U00011935\U00011930") == "\U00011935\U00011930");
  CHECK(normalized(tests::named("NFKC"), "\U0001fbf1") == "\U0001fbf1");
}

TEST_CASE("lower case is made character by character") {
  CHECK(normalized(tests::named("Lowercase"), "ΟΔΟΣ İ ẞ ABC") == "οδοσ i\u0307 ß abc");
}

TEST_CASE("text is put in front, replaced, and stripped") {
  const json prepend = {{"type", "Prepend"}, {"prepend", "_"}};
  CHECK(normalized(prepend, "a") == "_a");
  CHECK(normalized(prepend, "").empty());
  CHECK(normalized(replace(regex("\\s+"), "-"), " a \u3000 b") == "-a-b");
  CHECK(normalized(replace(regex("x*"), "-"), "éx") == "-é-");
  CHECK(normalized(tests::named("Strip"), "\u00a0 a b \n") == "a b");
  const json right = {{"type", "Strip"}, {"strip_left", false}};
  CHECK(normalized(right, " a ") == " a");
  CHECK(normalized(tests::named("StripAccents"), "e\u0301\u20dd\u0903x") == "ex");
}

TEST_CASE("steps follow each other, and know where their bytes come from") {
  const json steps = {{"type", "Sequence"},
                      {"normalizers",
                       {tests::named("NFD"),
                        tests::named("StripAccents"),
                        {{"type", "Prepend"}, {"prepend", "__"}}}}};
  CHECK(normalized(steps, "aéb") == "__aeb");
  CHECK(origin(steps, "aéb", 0) == TextSpan{0, 0});
  CHECK(origin(steps, "aéb", 3) == TextSpan{1, 3});
  CHECK(origin(steps, "aéb", 4) == TextSpan{3, 4});
  CHECK(origin(tests::named("NFC"), "xe\u0301y", 1) == TextSpan{1, 4});
}

TEST_CASE("origins ascend and lie in the text, and forms are stable") {
  CHECK(rc::check("any text", [](const std::vector<std::uint16_t>& characters) {
    std::string text = "e\u0301";
    for (const std::uint16_t c : characters)
      append_utf8(text, c % 0x3000u);
    text = replace_invalid_utf8(text);
    for (const char* form : {"NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Strip"}) {
      const AlignedText once = applied(tests::named(form), text);
      RC_ASSERT(valid_utf8_prefix(once.view()) == once.view().size());
      std::size_t last = 0;
      for (std::size_t i = 0; i < once.view().size(); ++i) {
        const TextSpan span = once.piece(true).origins[i];
        RC_ASSERT(span.begin >= last);
        RC_ASSERT(span.end > span.begin);
        RC_ASSERT(span.end <= text.size());
        last = span.begin;
      }
      if (form[0] == 'N') {
        RC_ASSERT(normalized(tests::named(form), once.str()) == once.str());
      }
    }
  }));
}

TEST_CASE("a broken normalizer is refused with its place") {
  const auto refuses = [](const json& setting, const char* what) {
    CHECK_THROWS_WITH_AS(applied(setting, ""), doctest::Contains(what), InputError);
  };
  refuses(replace("x", ""),
          "t: pattern: must be {\"String\": \"…\"} or {\"Regex\": \"…\"}, not \"x\"");
  refuses(replace({{"String", ""}}, ""), "pattern.String: an empty string is no pattern");
  refuses(replace(regex("("), ""),
          "pattern.Regex: the regular expression \"(\" is not one: missing closing parenthesis");
  const json steps = {{"type", "Sequence"},
                      {"normalizers", {tests::named("NFC"), tests::named("Nmt")}}};
  refuses(steps, "normalizers[1]: type \"Nmt\" is not supported; allowed: NFC, NFD");
  refuses(tests::named("Prepend"), "prepend: a string was expected, not null");
}
