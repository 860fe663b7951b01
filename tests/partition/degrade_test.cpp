#include "partition/degrade.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "partition/examples/measures.hpp"
#include "partition/examples/words.hpp"
#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;

namespace {

/// Contexts of distinct words, so that every degradation shows.
std::vector<Example> make_examples(std::size_t count) {
  std::vector<Example> examples;
  for (std::size_t i = 0; i < count; ++i) {
    Example e;
    e.id = e.group = "e" + std::to_string(i);
    e.target = "word" + std::to_string(i) + "x0 other";
    for (std::size_t w = 0; w < 20; ++w) {
      e.context += (w == 0 ? "word" : " word") + std::to_string(i) + "x" + std::to_string(w);
    }
    e.quality["coverage"] = 0.5;
    examples.push_back(e);
  }
  return examples;
}

Indices even_indices(std::size_t count) {
  Indices indices;
  for (std::uint32_t i = 0; i < count; i += 2) {
    indices.push_back(i);
  }
  return indices;
}

std::multiset<std::string> words_of(const std::string& text) {
  const auto words = split_words(text);
  return {words.begin(), words.end()};
}

}  // namespace

TEST_CASE("only the asked share of the training contexts changes, and it is marked") {
  for (const std::string kind : {"shuffle_words", "drop_words", "swap_context", "truncate"}) {
    CAPTURE(kind);
    CHECK(rc::check(kind, [&] {
      const double share = *rc::gen::inRange(0, 101) / 100.0;
      const auto seed = *rc::gen::arbitrary<std::uint64_t>();
      const auto before = make_examples(60);
      const auto training = even_indices(60);
      auto after = before;
      degrade(after, training, {.kind = kind, .share = share, .strength = 0.5}, seed);
      std::size_t spoilt = 0;
      for (std::size_t i = 0; i < before.size(); ++i) {
        RC_ASSERT(after[i].id == before[i].id);
        RC_ASSERT(after[i].target == before[i].target);
        RC_ASSERT(after[i].instruction == before[i].instruction);
        const bool changed = after[i].context != before[i].context;
        if (i % 2 == 1) {
          RC_ASSERT(!changed);
          RC_ASSERT(after[i].quality == before[i].quality);
          continue;
        }
        RC_ASSERT(after[i].quality.at("degraded") == (changed ? 1.0 : 0.0));
        RC_ASSERT(after[i].quality.at("coverage") ==
                  (changed ? coverage(after[i].target, after[i].context) : 0.5));
        spoilt += changed ? 1 : 0;
      }
      RC_ASSERT(spoilt == static_cast<std::size_t>(std::llround(share * 30)));
    }));
  }
}

TEST_CASE("each kind does to the words what its name says") {
  const auto before = make_examples(40);
  const auto training = even_indices(40);
  const auto spoil = [&](const std::string& kind, double strength) {
    auto after = before;
    degrade(after, training, {.kind = kind, .share = 1.0, .strength = strength}, 5);
    return after;
  };
  const auto shuffled = spoil("shuffle_words", 0.5);
  const auto truncated = spoil("truncate", 0.7);
  const auto swapped = spoil("swap_context", 0.5);
  std::size_t kept = 0;
  const auto dropped = spoil("drop_words", 0.3);
  for (const auto i : training) {
    CHECK(words_of(shuffled[i].context) == words_of(before[i].context));
    CHECK(before[i].context.starts_with(truncated[i].context));
    CHECK(count_words(truncated[i].context) == 6);
    const auto source = std::find_if(training.begin(), training.end(), [&](std::uint32_t j) {
      return before[j].context == swapped[i].context;
    });
    REQUIRE(source != training.end());
    CHECK(*source != i);
    const auto all = words_of(before[i].context);
    for (const auto& word : words_of(dropped[i].context)) {
      CHECK(all.count(word) == 1);
      ++kept;
    }
  }
  // 20 contexts of 20 words, each dropped with probability 0.3: 280 kept, sigma 9.2.
  CHECK(kept > 235);
  CHECK(kept < 325);
}

TEST_CASE("at least one word stays") {
  for (const std::string kind : {"drop_words", "truncate"}) {
    auto examples = make_examples(10);
    degrade(examples, even_indices(10), {.kind = kind, .share = 1.0, .strength = 1.0}, 3);
    CHECK(count_words(examples[0].context) == 1);
  }
}

TEST_CASE("the same seed spoils the same examples, another seed others") {
  const auto run = [](std::uint64_t seed) {
    auto examples = make_examples(40);
    degrade(examples, even_indices(40), {.kind = "shuffle_words", .share = 0.5}, seed);
    std::vector<std::string> contexts;
    for (const auto& e : examples) {
      contexts.push_back(e.context);
    }
    return contexts;
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
}

TEST_CASE("unknown kinds and shares outside [0, 1] are refused, none touches nothing") {
  auto examples = make_examples(4);
  const auto training = even_indices(4);
  CHECK_THROWS_WITH_AS(degrade(examples, training, {.kind = "blur", .share = 0.5}, 1),
                       "data.degrade.kind: unknown kind \"blur\"; known: none, shuffle_words, "
                       "drop_words, swap_context, truncate",
                       InputError);
  CHECK_THROWS_AS(degrade(examples, training, {.kind = "truncate", .share = 1.5}, 1), InputError);
  degrade(examples, training, {.kind = "none", .share = 1.0}, 1);
  CHECK(examples[0].quality.count("degraded") == 0);
  CHECK(examples[0].context == make_examples(4)[0].context);
}

TEST_CASE("whether anything is spoilt is told by the kind") {
  CHECK_FALSE(degrades({.kind = "none"}));
  CHECK(degrades({.kind = "truncate"}));
  CHECK_THROWS_AS(degrades({.kind = "x"}), InputError);
}
