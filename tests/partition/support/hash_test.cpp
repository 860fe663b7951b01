#include "partition/support/hash.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace lorafleet;

TEST_CASE("FNV-1a agrees with the known answers of its authors") {
  CHECK(fnv1a64("") == 0xcbf29ce484222325);
  CHECK(fnv1a64("a") == 0xaf63dc4c8601ec8c);
  CHECK(fnv1a64("foobar") == 0x85944171f73967e8);
}

TEST_CASE("SHA-256 agrees with the known answers of FIPS 180") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("SHA-256 may be fed in pieces, and goes on after a look at it") {
  Sha256 hash;
  CHECK(hash.hex() == sha256_hex(""));
  hash.update("ab");
  CHECK(hash.hex() == sha256_hex("ab"));
  hash.update("c");
  CHECK(hash.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("floats are hashed as their bytes, least significant first") {
  Sha256 hash;
  const std::array<float, 2> values = {1.0F, -2.0F};
  hash.update(values);
  CHECK(hash.hex() == sha256_hex(std::string_view("\x00\x00\x80\x3F\x00\x00\x00\xC0", 8)));
}
