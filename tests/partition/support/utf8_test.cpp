#include "partition/support/utf8.hpp"

#include <doctest/doctest.h>

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
