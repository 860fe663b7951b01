#include "partition/poison.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"
#include "tests/partition/made_examples.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;

namespace {

std::vector<Example> with_targets(std::size_t count) {
  auto examples = tests::make_examples(count);
  for (std::size_t i = 0; i < count; ++i)
    examples[i].target = "target " + std::to_string(i);
  return examples;
}

}  // namespace

TEST_CASE("a share of a client's examples get targets of other training examples") {
  const auto examples = with_targets(40);
  const Indices own{1, 3, 5, 7, 9, 11, 13, 15, 17, 19};
  const Indices donors{1, 3, 5, 20, 21, 22};
  const auto poisoned = poisoned_targets(examples, own, donors, 0.4, 3);
  CHECK(poisoned.size() == 4);
  std::set<std::uint32_t> chosen;
  for (const auto& [index, target] : poisoned) {
    CHECK(std::count(own.begin(), own.end(), index) == 1);
    CHECK(target != examples[index].target);
    CHECK(std::any_of(donors.begin(), donors.end(),
                      [&](auto donor) { return examples[donor].target == target; }));
    CHECK((chosen.empty() || *chosen.rbegin() < index));
    chosen.insert(index);
  }
  CHECK(poisoned_targets(examples, own, donors, 1.0, 3).size() == 10);
  CHECK(poisoned_targets(examples, own, donors, 0.0, 3).empty());
}

TEST_CASE("poisoning depends on the seed and the example alone") {
  const auto examples = with_targets(40);
  const auto donors = tests::all_of(examples);
  const auto wrong = [&](const Indices& own, std::uint64_t seed) {
    std::vector<std::string> targets;
    for (const auto& poisoned : poisoned_targets(examples, own, donors, 1.0, seed))
      targets.push_back(poisoned.target);
    return targets;
  };
  CHECK(wrong({2, 4, 6}, 3) == wrong({2, 4, 6}, 3));
  CHECK(wrong({2, 4, 6}, 3) != wrong({2, 4, 6}, 4));
  CHECK(wrong({4}, 3).front() == wrong({2, 4, 6}, 3)[1]);
}

TEST_CASE("an example with choices gets another of them") {
  auto examples = with_targets(20);
  for (auto& example : examples) {
    example.choices = {"yes", "no", "maybe"};
    example.target = "no";
  }
  std::set<std::string> seen;
  const auto own = tests::all_of(examples);
  for (const auto& poisoned : poisoned_targets(examples, own, {}, 1.0, 3))
    seen.insert(poisoned.target);
  CHECK(seen == std::set<std::string>{"maybe", "yes"});
}

TEST_CASE("where all targets are the same nothing is poisoned") {
  const auto examples = tests::make_examples(5);
  const auto own = tests::all_of(examples);
  CHECK(poisoned_targets(examples, own, own, 1.0, 3).empty());
  CHECK(poisoned_targets(with_targets(3), {1}, {}, 1.0, 3).empty());
  CHECK_THROWS_AS(poisoned_targets(examples, own, own, 1.5, 3), InputError);
}
