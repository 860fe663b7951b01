#include "model/text/utf8.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "model/text/byte_alphabet.hpp"

using namespace lorafleet::model;

TEST_CASE("ill-formed UTF-8 is replaced by maximal subparts") {
  const std::string mark = "\xef\xbf\xbd";
  CHECK(replace_invalid_utf8("a\xff") == "a" + mark);
  CHECK(replace_invalid_utf8("\xc0\xaf") == mark + mark);                        // overlong
  CHECK(replace_invalid_utf8("\xed\xa0\x80") == mark + mark + mark);             // a surrogate
  CHECK(replace_invalid_utf8("\xf4\x90\x80\x80") == mark + mark + mark + mark);  // over U+10FFFF
  CHECK(replace_invalid_utf8("\xf0\x9f\x98") == mark);                           // cut short
  CHECK(replace_invalid_utf8("\xe2\x82z") == mark + "z");
  CHECK(replace_invalid_utf8("\xf4\x8f\xbf\xbf\xed\x9f\xbf") == "\xf4\x8f\xbf\xbf\xed\x9f\xbf");
}

TEST_CASE("replacement gives well-formed text and leaves that as it is") {
  CHECK(rc::check("any bytes", [](const std::string& bytes) {
    const std::string text = replace_invalid_utf8(bytes);
    RC_ASSERT(valid_utf8_prefix(text) == text.size());
    RC_ASSERT(replace_invalid_utf8(text) == text);
  }));
}

TEST_CASE("every code point survives writing and reading") {
  for (char32_t code_point = 0; code_point <= 0x10ffff; ++code_point) {
    if (code_point == 0xd800) code_point = 0xe000;
    std::string text;
    append_utf8(text, code_point);
    REQUIRE(valid_utf8_prefix(text) == text.size());
    std::string_view rest = text;
    REQUIRE(take_code_point(rest) == code_point);
    REQUIRE(rest.empty());
  }
}

TEST_CASE("the alphabet writes each byte as one visible character of its own") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    all.push_back(static_cast<char>(byte));
  }
  CHECK(bytes_from_alphabet(alphabet_from_bytes(all)) == all);
  CHECK(alphabet_from_bytes(" a\n\x7f\xad") == "ĠaĊġŃ");  // U+0120 a U+010A U+0121 U+0143
  CHECK_FALSE(bytes_from_alphabet("a b").has_value());
  CHECK_FALSE(bytes_from_alphabet("ń").has_value());
  CHECK_FALSE(bytes_from_alphabet("\xff").has_value());
}
