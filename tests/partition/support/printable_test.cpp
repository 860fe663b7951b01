#include "partition/support/printable.hpp"

#include <doctest/doctest.h>

namespace lorafleet {
namespace {

TEST_CASE("control characters and broken bytes are replaced, all other text is kept") {
  CHECK(printable("phone, \"old\" <b>&\xF0\x9F\x93\xB1") == "phone, \"old\" <b>&\xF0\x9F\x93\xB1");
  CHECK(printable("a\x1B[31mb") == "a\xEF\xBF\xBD[31mb");
  CHECK(printable("a\nb\tc\rd") ==
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD"
        "c\xEF\xBF\xBD"
        "d");
  CHECK(printable("a\nb\tc\rd", true) ==
        "a\nb\tc\xEF\xBF\xBD"
        "d");
  CHECK(printable("\xC2\x9B"
                  "0m\x7F") ==
        "\xEF\xBF\xBD"
        "0m\xEF\xBF\xBD");
  CHECK(printable("\xFFx\xC3") == "\xEF\xBF\xBDx\xEF\xBF\xBD");
  CHECK(printable("").empty());
}

TEST_CASE("a name has no control characters") {
  CHECK(is_printable("=1+1, \"\xC3\xA4\" </script>"));
  CHECK(is_printable(""));
  for (const char* bad : {"a\n", "\t", "\x1B", "\x7F", "\xC2\x85", "\xFF"})
    CHECK_FALSE(is_printable(bad));
}

TEST_CASE("a short name has at most so many letters, and no line ends") {
  CHECK(short_name("abcdef", 6) == "abcdef");
  CHECK(short_name("abcdefg", 6) == "abcd..");
  CHECK(short_name("gr\xC3\xB6\xC3\x9F"
                   "er",
                   6) ==
        "gr\xC3\xB6\xC3\x9F"
        "er");
  CHECK(short_name("gr\xC3\xB6\xC3\x9F"
                   "ere",
                   6) == "gr\xC3\xB6\xC3\x9F..");
  CHECK(short_name("a\r\n\tb\xFF", 6) == "a b ");
  CHECK(short_name("a\xE2\x80\xA8"
                   "b",
                   3) == "a b");
  CHECK(short_name("abc", 2) == "..");
  CHECK(short_name("abc", 1) == ".");
  CHECK(short_name("abc", 0).empty());
  CHECK(short_name("", 0).empty());
}

}  // namespace
}  // namespace lorafleet
