#include "partition/split.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <numeric>
#include <set>

#include "partition/support/error.hpp"
#include "partition/support/hash.hpp"
#include "partition/support/indices.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;

namespace {

std::vector<Example> examples_of(const std::vector<int>& groups) {
  std::vector<Example> examples(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    examples[i].group = std::to_string(groups[i]);
  }
  return examples;
}

}  // namespace

TEST_CASE("every example is on one side, and no group is torn apart") {
  CHECK(rc::check("split by group", [] {
    const int first = *rc::gen::inRange(0, 1000000);
    const int count = *rc::gen::inRange(150, 400);
    std::vector<int> groups;
    for (int i = 0; i < 1000; ++i) {
      groups.push_back(first + i % count);
    }
    const auto examples = examples_of(groups);
    const auto split = split_by_group(examples);
    RC_ASSERT(split.train.size() + split.test.size() == examples.size());
    std::set<std::uint32_t> all(split.train.begin(), split.train.end());
    all.insert(split.test.begin(), split.test.end());
    RC_ASSERT(all.size() == examples.size());
    std::set<std::string> train_groups;
    for (const auto i : split.train) {
      train_groups.insert(examples[i].group);
    }
    for (const auto i : split.test) {
      RC_ASSERT(train_groups.count(examples[i].group) == 0);
    }
  }));
}

TEST_CASE("about a tenth of many groups is test, by the documented hash") {
  std::vector<int> groups(20000);
  std::iota(groups.begin(), groups.end(), 0);
  const auto split = split_by_group(examples_of(groups));
  CHECK(split.test.size() > 1800);
  CHECK(split.test.size() < 2200);
  // Of 64-bit FNV-1a, worked out apart from this program.
  CHECK(is_test_group("verb.body"));
  CHECK(is_test_group("noun.time"));
  CHECK_FALSE(is_test_group("adj.pert"));
  CHECK_FALSE(is_test_group("noun.Tops"));
  CHECK_FALSE(is_test_group("adj.all"));
}

TEST_CASE("a split without test examples says what to do") {
  std::string train_group = "a";
  while (is_test_group(train_group)) {
    train_group += "a";
  }
  std::vector<Example> examples(3);
  for (auto& e : examples) {
    e.group = train_group;
  }
  CHECK_THROWS_WITH_AS(split_by_group(examples),
                       "data: the split by group leaves no test examples: 3 examples in 1 groups, "
                       "of which about a tenth become test; use more groups (a finer "
                       "data.fields.group, or \"\" to split by row) or more data",
                       InputError);
}

TEST_CASE("clients' own test parts take whole groups, the same for every client") {
  std::vector<int> groups(6000);
  for (std::size_t i = 0; i < groups.size(); ++i)
    groups[i] = static_cast<int>(i / 3);
  const auto examples = examples_of(groups);
  Indices parts[2];  // every group belongs to both clients
  for (std::uint32_t i = 0; i < examples.size(); ++i)
    parts[i % 2].push_back(i);
  std::set<std::string> tested;
  std::set<std::string> trained;
  std::size_t test_size = 0;
  for (const auto& part : parts) {
    const auto split = split_locally(examples, part, 0.2);
    CHECK(split.train.size() + split.test.size() == part.size());
    for (const auto i : split.test)
      tested.insert(examples[i].group);
    for (const auto i : split.train)
      trained.insert(examples[i].group);
    test_size += split.test.size();
  }
  for (const auto& group : tested)
    CHECK_FALSE(trained.contains(group));
  CHECK(test_size > 1000);
  CHECK(test_size < 1400);
  CHECK(split_locally(examples, parts[0], 0.0).test.empty());
}

TEST_CASE("a client that would have nothing left to train on keeps all") {
  const auto examples = examples_of({1, 1, 1});
  const auto split = split_locally(examples, {0, 1, 2}, 1.0);
  CHECK(split.train.size() == 3);
  CHECK(split.test.empty());
}
