#include "partition/support/error.hpp"

#include <doctest/doctest.h>

using namespace lorafleet;

TEST_CASE("the nearest name is at most a third of the letters away, or two") {
  CHECK(nearest_name("fedbuf", {"fedasync", "fedbuff"}) == "fedbuff");
  CHECK(nearest_name("abc", {"abx", "axx", "xyz"}) == "abx");
  CHECK(nearest_name("abc", {"xyz"}).empty());
  CHECK(nearest_name("abc", {}).empty());
}

TEST_CASE("a message is without LibTorch's list of calls") {
  const auto message = [](const char* what) { return message_of(std::runtime_error(what)); };
  CHECK(message("no memory") == "no memory");
  CHECK(message("") == "");
  CHECK(message("two\nlines\nException raised from f at g.cpp:3 (most recent call first):\nx") ==
        "two\nlines");
  CHECK(message("one \n\nException raised from f") == "one ");
}

TEST_CASE("a name is asked about where one is near") {
  CHECK(did_you_mean("fedbuff") == "; did you mean fedbuff?");
  CHECK(did_you_mean("fedbuff", "\"") == "; did you mean \"fedbuff\"?");
  CHECK(did_you_mean_aside("fedbuff") == " (did you mean fedbuff?)");
  CHECK(did_you_mean_aside("fedbuff", "\"") == " (did you mean \"fedbuff\"?)");
  CHECK(did_you_mean("").empty());
  CHECK(did_you_mean_aside("", "\"").empty());
}
