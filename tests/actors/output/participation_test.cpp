#include "actors/output/participation.hpp"

#include <doctest/doctest.h>

namespace lorafleet {

TEST_CASE("the slow half has the slower devices") {
  CHECK(actors::slow_half({5, 1, 3, 2, 9}) == std::vector<bool>{false, true, false, true, false});
  CHECK(actors::slow_half({1, 1, 1, 1}) == std::vector<bool>{true, true, false, false});
}

TEST_CASE("Gini's coefficient is 0 for equal clients and 1 - 1/n for a single worker") {
  const std::vector<bool> slow = {true, true, false, false};
  CHECK(actors::participation({3, 3, 3, 3}, slow).gini == doctest::Approx(0.0));
  CHECK(actors::participation({0, 0, 8, 0}, slow).gini == doctest::Approx(0.75));
  CHECK(actors::participation({1, 2, 3, 4}, slow).gini == doctest::Approx(0.25));
  CHECK(actors::participation({1, 2, 3, 4}, slow).slow_half_share == doctest::Approx(0.3));
  CHECK(actors::participation({0, 0, 0, 0}, slow).gini == 0.0);
}

}  // namespace lorafleet
