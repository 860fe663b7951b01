#include "partition/support/utf8.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>
#include <string_view>

using namespace lorafleet;

TEST_CASE("UTF-8 is decoded and its faults are found") {
  CHECK(decode_utf8("é", 0)->value == 0xE9);
  CHECK(decode_utf8("€", 0)->size == 3);
  CHECK(decode_utf8("😀", 0)->value == 0x1F600);
  CHECK_FALSE(invalid_utf8_at("plain, ünd 😀").has_value());
  CHECK(invalid_utf8_at("a\xC0\x80") == 1);         // overlong
  CHECK(invalid_utf8_at("ab\xED\xA0\x80") == 2);    // surrogate
  CHECK(invalid_utf8_at("\xF4\x90\x80\x80") == 0);  // above U+10FFFF
  CHECK(invalid_utf8_at("abc\xE2\x82") == 3);       // cut off
  CHECK(invalid_utf8_at("x\x80") == 1);             // stray continuation
}

TEST_CASE("code points are counted by the bytes that begin them") {
  CHECK(count_code_points("plain, ünd 😀") == 12);
  CHECK(count_code_points("") == 0);
}

TEST_CASE("a byte order mark is taken off the front of a text, once") {
  CHECK(without_byte_order_mark("\xEF\xBB\xBFz") == "z");
  CHECK(without_byte_order_mark("\xEF\xBB") == "\xEF\xBB");
  CHECK(without_byte_order_mark("\xEF\xBB\xBF\xEF\xBB\xBF") == kByteOrderMark);
  CHECK(without_byte_order_mark("") == "");
}

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
