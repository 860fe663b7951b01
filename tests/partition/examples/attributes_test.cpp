#include "partition/examples/attributes.hpp"

#include <doctest/doctest.h>

using namespace lorafleet;
using namespace lorafleet::partition;

TEST_CASE("who asks for an attribute that there is not gets its name with the error") {
  const std::vector<Example> rows(1);
  try {
    require_attribute("lang", "partition.skew.attribute", rows, {0});
    FAIL("no error");
  } catch (const NoSuchAttribute& error) {
    CHECK(error.name() == "lang");
    CHECK(error.what() ==
          std::string("partition.skew.attribute: no example has the attribute \"lang\"; they "
                      "have: target"));
  }
}
