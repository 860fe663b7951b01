#include "partition/examples/measures.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "partition/examples/words.hpp"
#include "partition/support/error.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;

TEST_CASE("words are what stands between white space") {
  CHECK(count_words("") == 0);
  CHECK(count_words(" \n\t ") == 0);
  CHECK(count_words("one") == 1);
  CHECK(count_words("  one, two\nthree-four\t5 ") == 4);
}

TEST_CASE("sentences end in a mark before white space, at a line break or at the end") {
  CHECK(count_sentences("") == 0);
  CHECK(count_sentences("  \n ") == 0);
  CHECK(count_sentences("No mark") == 1);
  CHECK(count_sentences("One. Two! Three?") == 3);
  CHECK(count_sentences("Wait... what?! (Yes.) \"No.\" end") == 5);
  CHECK(count_sentences("Version 1.5 of www.example.org runs.") == 1);
  CHECK(count_sentences("A heading\n\nA sentence.\nAnother") == 3);
}

TEST_CASE("coverage is the share of the target's content stems that the context has") {
  // Stems of the target: metal, disk, redeem, machin; "a", "that", "can", "be" and "in" are stop
  // words.
  CHECK(coverage("a metal disk that can be redeemed in machines", "Disks of metal") == 0.5);
  CHECK(coverage("Redeeming machines", "a machine that was redeemed") == doctest::Approx(0.5));
  CHECK(coverage("painted", "PAINTING, paints") == 1.0);
  CHECK(coverage("of the", "of the") == 0.0);
  CHECK(coverage("", "text") == 0.0);
  CHECK(coverage("word", "") == 0.0);
}

TEST_CASE("stems lose one suffix and what follows the seventh letter") {
  CHECK(stem("disks") == "disk");
  CHECK(stem("boxes") == "box");
  CHECK(stem("reading") == "read");
  CHECK(stem("sing") == "sing");
  CHECK(stem("conjugated") == stem("conjugation"));
  CHECK(stem("übermäßig") == "übermäß");
}

TEST_CASE("letters beyond ASCII belong to words, typographic marks do not") {
  CHECK(content_stems("ÜBER “über” naïve—c++ x86_64 42nd e.g.") ==
        std::set<std::string>{"über", "naïve", "c++", "x86_64", "nd", "e.g"});
  CHECK(content_stems("слово") == std::set<std::string>{"слово"});
}

TEST_CASE("coverage is in [0, 1], 1 on the text itself, and grows with the context") {
  CHECK(rc::check("coverage laws", [](const std::string& a, const std::string& b) {
    const double own = coverage(a, a);
    RC_ASSERT(own == (content_stems(a).empty() ? 0.0 : 1.0));
    const double part = coverage(a, b);
    RC_ASSERT(part >= 0.0 && part <= own);
    RC_ASSERT(coverage(a, b + "\n" + a) == own);
  }));
}

TEST_CASE("context length is measured in the unit asked for") {
  const Example e{.id = "x",
                  .instruction = "",
                  .context = "One two. Three.",
                  .target = "t",
                  .group = "",
                  .client = {},
                  .quality = {},
                  .attributes = {},
                  .choices = {},
                  .references = {},
                  .turns = {},
                  .texts = {},
                  .classes = {}};
  const CountFn bytes = [](const Example& example) { return example.context.size(); };
  CHECK(context_length(e, "words", {}) == 3);
  CHECK(context_length(e, "sentences", {}) == 2);
  CHECK(context_length(e, "tokens", bytes) == 15);
  CHECK_THROWS_WITH_AS(
      context_length(e, "pages", bytes),
      "partition.skew.unit: \"pages\" is not known; known: tokens, words, sentences", InputError);
  CHECK_THROWS_AS(context_length(e, "tokens", {}), InputError);
}

TEST_CASE("quality scores come from the data, coverage is computed where they lack it") {
  Example e{.id = "x",
            .instruction = "",
            .context = "metal",
            .target = "metal disk",
            .group = "",
            .client = {},
            .quality = {{"votes", 3.0}},
            .attributes = {},
            .choices = {},
            .references = {},
            .turns = {},
            .texts = {},
            .classes = {}};
  CHECK(quality_score(e, "votes") == 3.0);
  CHECK(quality_score(e, "coverage") == 0.5);
  e.quality["coverage"] = 0.125;
  CHECK(quality_score(e, "coverage") == 0.125);
  CHECK_THROWS_WITH_AS(quality_score(e, "stars"),
                       "partition.skew.quality: example \"x\" has no score \"stars\"; it has: "
                       "coverage, votes",
                       InputError);
}
