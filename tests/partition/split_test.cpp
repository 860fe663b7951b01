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
    const auto split = split_by_group(examples, {});
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
  const auto split = split_by_group(examples_of(groups), {});
  CHECK(split.test.size() > 1800);
  CHECK(split.test.size() < 2200);
  // Of 64-bit FNV-1a, worked out apart from this program.
  CHECK(is_test_group("verb.body"));
  CHECK(is_test_group("noun.time"));
  CHECK_FALSE(is_test_group("adj.pert"));
  CHECK_FALSE(is_test_group("noun.Tops"));
  CHECK_FALSE(is_test_group("adj.all"));
}

TEST_CASE("one group is refused with what the format allows") {
  const auto error_of = [](std::size_t rows, const std::string& format) {
    DataConfig data;
    data.path = "rows.json";
    data.format = format;
    std::vector<Example> examples(rows);
    for (auto& example : examples)
      example.group = "all";
    try {
      (void)split_by_group(examples, data);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(error_of(3, "csv") ==
        "rows.json: all 3 examples belong to one group, \"all\", and groups are never torn apart, "
        "so nothing is left to test on; name a file to test on in data.test_path, or group by "
        "another field (data.fields.group; \"\" makes each row a group)");
  CHECK(error_of(3, "squad") ==
        "rows.json: all 3 examples belong to one group, \"all\", and groups are never torn apart, "
        "so nothing is left to test on; name a file to test on in data.test_path, or use more "
        "data");
  CHECK(error_of(1, "jsonl") ==
        "rows.json: has one example, so nothing is left to test on; name a file to test on in "
        "data.test_path, or use more data");
}

TEST_CASE("few groups always leave one to test on, whole, and the hash decides where it can") {
  int held_out = 0;
  for (int first = 0; first < 200; ++first) {
    std::vector<int> groups;
    for (int i = 0; i < 40; ++i)
      groups.push_back(first * 5 + i % 5);
    const auto examples = examples_of(groups);
    const auto split = split_by_group(examples, {});
    CHECK(split.train.size() + split.test.size() == examples.size());
    REQUIRE(!split.train.empty());
    REQUIRE(!split.test.empty());
    std::set<std::string> tested;
    for (const auto i : split.test)
      tested.insert(examples[i].group);
    for (const auto i : split.train)
      CHECK(!tested.contains(examples[i].group));
    if (split.note.empty()) {
      for (const auto& group : tested)
        CHECK(is_test_group(group));
    } else {
      ++held_out;
      CHECK(tested.size() == 1);
    }
  }
  CHECK(held_out > 90);  // 0.9^5 = 59 % of 200
  CHECK(held_out < 145);
}

TEST_CASE("the group held out is the largest of a tenth at most, else the smallest") {
  const auto held_of = [](const std::vector<std::size_t>& sizes, bool tests) {
    std::vector<Example> examples;
    std::string name;
    for (const std::size_t size : sizes) {
      do {
        name += "a";
      } while (is_test_group(name) != tests);
      Example example;
      example.group = name;
      examples.insert(examples.end(), size, example);
    }
    DataConfig data;
    data.path = "rows.csv";
    const auto split = split_by_group(examples, data);
    CHECK(split.note.starts_with("rows.csv: " + std::to_string(sizes.size()) + " groups are too "));
    return split.test;
  };
  CHECK(held_of({50, 2, 5, 43}, false) == Indices{52, 53, 54, 55, 56});
  CHECK(held_of({5, 3, 4}, false) == Indices{5, 6, 7});
  CHECK(held_of({5, 3}, true) == Indices{5, 6, 7});
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
