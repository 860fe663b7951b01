#include "model/text/class_agreement.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lorafleet::model;
using Names = std::vector<std::string>;
using Places = std::vector<std::size_t>;

TEST_CASE("the same names are found in another order, whatever their case") {
  CHECK(places_of(Names{"NEGATIVE", "Positive"}, Names{"positive", "negative"}) == Places{1, 0});
  CHECK(places_of(Names{"a", "b", "c"}, Names{"c", "a", "b"}) == Places{1, 2, 0});
  CHECK(places_of(Names{"ÄRGER", "freude"}, Names{"ärger", "freude"}) == Places{0, 1});
}

TEST_CASE("other names, more of them, and one name twice are not the same") {
  CHECK_FALSE(places_of(Names{"a", "b"}, Names{"a", "c"}));
  CHECK_FALSE(places_of(Names{"a"}, Names{"a", "b"}));
  CHECK_FALSE(places_of(Names{"a", "A"}, Names{"a", "b"}));
  CHECK_FALSE(places_of(Names{"a", "b"}, Names{"a", "A"}));
}

TEST_CASE("what Hugging Face calls classes without names is told from names") {
  CHECK(are_unnamed(Names{"LABEL_0", "LABEL_1"}));
  CHECK(are_unnamed(Names{}));
  CHECK_FALSE(are_unnamed(Names{"LABEL_1", "LABEL_0"}));
  CHECK_FALSE(are_unnamed(Names{"no", "yes"}));
}

TEST_CASE("a warning names both where weights and data do not have the same classes") {
  CHECK(disagreement(Names{"A", "b"}, Names{"a", "b"}).empty());
  CHECK(disagreement(Names{}, Names{"a", "b"}).empty());
  CHECK(disagreement(Names{"LABEL_0", "LABEL_1"}, Names{"a", "b"}).empty());
  CHECK(disagreement(Names{"b", "a"}, Names{"a", "b"}) ==
        "tells b, a apart, and the classes of the data are a, b: they are taken for each other in "
        "this order");
  CHECK(disagreement(Names{"a", "c"}, Names{"a", "b"}).starts_with("tells a, c apart"));
}
