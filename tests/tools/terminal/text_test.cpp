#include "tools/terminal/text.hpp"

#include <doctest/doctest.h>

namespace lorafleet {
namespace {

TEST_CASE("times read as hours, minutes and seconds, and days where there are any") {
  CHECK(tools::clock_text(0.0) == "0:00:00");
  CHECK(tools::clock_text(67.9) == "0:01:07");
  CHECK(tools::clock_text(3600.0 * 23 + 59) == "23:00:59");
  CHECK(tools::clock_text(86400.0 * 2 + 3 * 3600 + 4 * 60 + 5) == "2d 03:04:05");
  CHECK(tools::clock_text(-3.0) == "0:00:00");
}

TEST_CASE("figures keep about three significant digits") {
  CHECK(tools::figure(352.14) == "352.1");
  CHECK(tools::figure(2.1718) == "2.172");
  CHECK(tools::figure(54321.4) == "54,321");
  CHECK(tools::figure(0.000421) == "0.000421");
  CHECK(tools::figure(0.0) == "0");
  CHECK(tools::figure(0.25) == "0.250");
  CHECK(tools::figure(std::nan("")) == "nan");
}

TEST_CASE("columns are aligned without blanks at the ends of lines") {
  CHECK(tools::aligned({{"a", "bb", ""}, {"ccc", "d", "e"}}) == "a    bb\nccc   d  e\n");
}

}  // namespace
}  // namespace lorafleet
