#include "model/text/pipeline/regex.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "model/text/pipeline/regex_dialect.hpp"
#include "partition/support/error.hpp"

using lorafleet::InputError;
using lorafleet::model::pcre2_from_oniguruma;
using lorafleet::model::Regex;
using Pieces = std::vector<std::string>;

namespace {

Pieces matches(const std::string& pattern, const std::string& text) {
  const Regex regex(pattern, "t");
  Pieces all;
  std::size_t from = 0;
  while (const auto match = regex.find(text, from)) {
    if (match->begin == match->end) break;
    all.push_back(text.substr(match->begin, match->end - match->begin));
    from = match->end;
  }
  return all;
}

}  // namespace

TEST_CASE("white space is White_Space, in and out of classes") {
  CHECK(matches("\\s", "a\u0085b\u3000c\u200b\u180e\x1c") == Pieces{"\u0085", "\u3000"});
  CHECK(matches("[^\\sa]+", " a\u00a0b\u200b") == Pieces{"b\u200b"});
  CHECK(matches("\\S+", "a\u2003b") == Pieces{"a", "b"});
  CHECK(matches("[\\S]+", "a\u2003é") == Pieces{"a", "é"});
}

TEST_CASE("letters and digits are Unicode's, and case is folded as there") {
  CHECK(matches("\\w+", "é\u0301_٣-²x") == Pieces{"é\u0301_٣", "x"});
  CHECK(matches("\\d+", "1٣²") == Pieces{"1٣"});
  CHECK(matches("\\W+", "a-²b") == Pieces{"-²"});
  CHECK(matches("(?i:'s)", "'s'S'\u017f'x") == Pieces{"'s", "'S", "'\u017f"});
  CHECK(matches("\\p{N}{1,3}", "12²½5") == Pieces{"12²", "½5"});
  CHECK(matches("\\p{^L}", "a1") == Pieces{"1"});
}

TEST_CASE("an interval with a plus repeats the interval") {
  CHECK(matches("a{1,2}+b", "aaaab") == Pieces{"aaaab"});
  CHECK(matches("(?:ab){2}+", "ababab abab") == Pieces{"abab", "abab"});
  CHECK(matches("[^x]{1,2}+x", "abcx") == Pieces{"abcx"});
  CHECK(matches("a++a", "aaa").empty());
  CHECK(pcre2_from_oniguruma("a{,2}b{x", "t") == "a{0,2}b\\{x");
}

TEST_CASE("numbers of characters are read in each way") {
  CHECK(matches("\\u00e9|\\x41|\\x{1F600}|\\v", "éA😀\x0b") == Pieces{"é", "A", "😀", "\x0b"});
}

TEST_CASE("what would be read otherwise is refused by name") {
  for (const auto& [pattern, what] : std::vector<std::pair<std::string, std::string>>{
           {"[a[b]]", "a class inside of a class"},
           {"[a&&b]", "\"&&\" in a class"},
           {"a\\b", "\"\\b\""},
           {"(?<name>a)", "\"(?<n\""},
           {"(?x:a)", "\"(?x:\""},
           {"\\R", "\"\\R\""},
           {"(a)\\1", "\"\\1\""},
           {"[\\W]", "\"\\W\" in a class"},
           {"a{2}?", "\"{2}?\""},
           {"[a", "a class without its \"]\""},
           {"a)", "a \")\" without \"(\""},
           {"a\\", "a \"\\\" at the end"},
           {"\\pL", "\"\\p\" without a property in braces"}}) {
    CAPTURE(pattern);
    CHECK_THROWS_WITH_AS(Regex(pattern, "t"),
                         doctest::Contains(("in the regular expression \"" + pattern + "\", " +
                                            what + " is not supported")
                                               .c_str()),
                         InputError);
  }
  CHECK_THROWS_WITH_AS(Regex("\\p{Klingon}", "t"), doctest::Contains("t: the regular expression"),
                       InputError);
}

TEST_CASE("a pattern that never comes to an end is an error") {
  const Regex regex("\\A(a|aa)+\\z", "t");
  CHECK_THROWS_WITH_AS(regex.find(std::string(100, 'a') + "!", 0),
                       doctest::Contains("fails on a text"), InputError);
}
