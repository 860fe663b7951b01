#include "model/text/pipeline/byte_alphabet.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lorafleet::model;

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
