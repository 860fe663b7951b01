#include "model/text/pipeline/cutting.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/text/pipeline/pattern.hpp"
#include "partition/support/error.hpp"

using namespace lorafleet::model;
using Pieces = std::vector<std::string>;

namespace {

Pieces pieces(const std::string& text, CutBehavior behavior, bool invert = false) {
  Pieces all;
  const auto next = [&](std::size_t from) {
    return next_character(text, from, [](char32_t c) { return c == U'-'; });
  };
  cut({text}, next, behavior, invert, [&](const Piece& piece) { all.emplace_back(piece.text); });
  return all;
}

Pieces regex_pieces(const std::string& regex, const std::string& text, CutBehavior behavior) {
  const nlohmann::json setting = {{"Regex", regex}};
  const Pattern pattern(Setting(setting, "t"));
  Pieces all;
  const auto next = [&](std::size_t from) { return pattern.find(text, from); };
  cut({text}, next, behavior, false, [&](const Piece& piece) { all.emplace_back(piece.text); });
  return all;
}

constexpr CutBehavior kAll[] = {CutBehavior::isolated, CutBehavior::removed,
                                CutBehavior::merged_with_previous, CutBehavior::merged_with_next,
                                CutBehavior::contiguous};

}  // namespace

TEST_CASE("matches stand alone, vanish, or join their neighbours") {
  const std::string text = "the-final--countdown";
  CHECK(pieces(text, CutBehavior::isolated) == Pieces{"the", "-", "final", "-", "-", "countdown"});
  CHECK(pieces(text, CutBehavior::removed) == Pieces{"the", "final", "countdown"});
  CHECK(pieces(text, CutBehavior::merged_with_previous) ==
        Pieces{"the-", "final-", "-", "countdown"});
  CHECK(pieces(text, CutBehavior::merged_with_next) == Pieces{"the", "-final", "-", "-countdown"});
  CHECK(pieces(text, CutBehavior::contiguous) == Pieces{"the", "-", "final", "--", "countdown"});
  CHECK(pieces("-a-", CutBehavior::merged_with_previous) == Pieces{"-", "a-"});
  CHECK(pieces("-a--", CutBehavior::merged_with_next) == Pieces{"-a", "-", "-"});
}

TEST_CASE("inverted, what lies between is the match") {
  CHECK(pieces("a-b", CutBehavior::removed, true) == Pieces{"-"});
  CHECK(pieces("a--b", CutBehavior::merged_with_next, true) == Pieces{"a-", "-", "b"});
}

TEST_CASE("a match of no length cuts the text, whatever the behaviour") {
  for (const CutBehavior behavior : kAll) {
    CHECK(regex_pieces("(?=[A-Z])", "helloWorldAgain", behavior) ==
          Pieces{"hello", "World", "Again"});
    CHECK(regex_pieces(R"((?=(?:\d{3})+(?!\d)))", "1234567 12", behavior) ==
          Pieces{"1", "234", "567 12"});
  }
  // Not where a match has just ended.
  CHECK(regex_pieces("-|(?<=-)", "a-b", CutBehavior::merged_with_next) == Pieces{"a", "-b"});
  CHECK(regex_pieces("x*", "abxxc", CutBehavior::isolated) == Pieces{"a", "b", "xx", "c"});
}

TEST_CASE("the pieces together are the text, but for removed matches") {
  CHECK(rc::check("any text of two letters", [] {
    const auto text = *rc::gen::container<std::string>(rc::gen::element('a', '-'));
    for (const CutBehavior behavior : kAll) {
      std::string together;
      for (const auto& piece : pieces(text, behavior)) {
        RC_ASSERT(!piece.empty());
        together += piece;
      }
      std::string expected;
      for (const char c : text)
        if (c != '-' || behavior != CutBehavior::removed) expected += c;
      RC_ASSERT(together == expected);
    }
  }));
}

TEST_CASE("an unknown behaviour is refused with the known ones") {
  const nlohmann::json name = "Merged";
  CHECK_THROWS_WITH_AS(
      cut_behavior(Setting(name, "t"), CutBehavior::isolated),
      doctest::Contains("t: \"Merged\" is not supported; allowed: Isolated, Removed"),
      lorafleet::InputError);
}
