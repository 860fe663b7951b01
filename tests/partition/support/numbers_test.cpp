#include "partition/support/numbers.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

using lorafleet::grouped;
using lorafleet::shortest;

TEST_CASE("numbers are written as short as they can be") {
  CHECK(shortest(0.1) == "0.1");
  CHECK(shortest(0.0) == "0");
  CHECK(shortest(-2.5) == "-2.5");
  CHECK(shortest(1e30) == "1e+30");
  CHECK(shortest(1.0 / 3.0) == "0.3333333333333333");
  CHECK(shortest(5e-324) == "5e-324");
  CHECK(shortest(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(shortest(std::nan("")) == "nan");
}

TEST_CASE("large numbers are grouped by thousands") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(-123456) == "-123,456");
  CHECK(grouped(1234567) == "1,234,567");
}

TEST_CASE("every finite number reads back as itself") {
  CHECK(rc::check("round trip", [] {
    const auto value = std::bit_cast<double>(*rc::gen::arbitrary<std::uint64_t>());
    RC_PRE(std::isfinite(value));
    RC_ASSERT(std::bit_cast<std::uint64_t>(std::strtod(shortest(value).c_str(), nullptr)) ==
              std::bit_cast<std::uint64_t>(value));
  }));
}
