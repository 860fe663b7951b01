#include "partition/support/comma_list.hpp"

#include <doctest/doctest.h>

namespace lorafleet {
namespace {

using Parts = std::vector<std::string>;

TEST_CASE("a list is cut at its commas, and blanks are left out") {
  CHECK(split_at_commas("q_proj,v_proj") == Parts{"q_proj", "v_proj"});
  CHECK(split_at_commas(" cuda:0, cuda:2 ") == Parts{"cuda:0", "cuda:2"});
  CHECK(split_at_commas("a,,b,") == Parts{"a", "", "b", ""});
  CHECK(split_at_commas("") == Parts{""});
}

}  // namespace
}  // namespace lorafleet
