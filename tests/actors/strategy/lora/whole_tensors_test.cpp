#include "actors/strategy/lora/whole_tensors.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "actors/strategy/fold/aggregator.hpp"
#include "actors/strategy/messages/compression.hpp"
#include "tests/actors/strategy/lora/rule_config.hpp"

using namespace lorafleet;
using namespace lorafleet::strategy;

namespace {

/// A module of 2 x 2, and a classifier of four values behind its factors.
model::LayoutPtr layout_of_rank(std::int64_t rank) {
  return std::make_shared<const model::AdapterLayout>(
      std::vector<model::LoraModule>{{"x", 2, 2, rank, static_cast<double>(rank), false}},
      std::vector<model::WholeTensor>{{"classifier.weight", {1, 3}}, {"classifier.bias", {1}}});
}

model::AdapterPtr adapter_of(std::int64_t rank, float factors, std::vector<float> whole) {
  const auto layout = layout_of_rank(rank);
  auto adapter = std::make_shared<model::Adapter>(
      model::Adapter{layout, std::vector<float>(layout->size(), factors)});
  std::ranges::copy(whole, adapter->whole().begin());
  return adapter;
}

std::vector<float> whole_of(const model::Adapter& adapter) {
  return {adapter.whole().begin(), adapter.whole().end()};
}

}  // namespace

TEST_CASE("what is trained whole lies behind the factors and goes with every message") {
  const auto layout = layout_of_rank(1);
  CHECK(layout->factors_size() == 4);
  CHECK(layout->size() == 8);
  CHECK(layout->whole_offset(0) == 4);
  CHECK(layout->whole_offset(1) == 7);
  CHECK(layout->message_bytes() == 32);
  CHECK(message_bytes(*layout, model::Factors::both, nullptr) == 32);
  CHECK(message_bytes(*layout, model::Factors::a, nullptr) == 24);
  CHECK(message_bytes(*layout, model::Factors::b, nullptr) == 24);
  CHECK(*layout != model::AdapterLayout(layout->modules()));
}

TEST_CASE("every rule folds it as a weighted mean, by hand") {
  // x + 1/4 (y - x) + 1/2 (z - x)
  const auto start = adapter_of(1, 0.5f, {0, 4, 8, -4});
  const auto one = adapter_of(1, 0.75f, {4, 4, 0, 0});
  const auto two = adapter_of(1, 0.25f, {2, 8, 8, -2});
  const std::vector<float> expected = {2, 6, 6, -2};
  for (const std::string rule :
       {"fedit", "ffa", "fedsa", "rolora", "flora", "fedex", "hlora", "flexlora", "product"}) {
    CAPTURE(rule);
    Aggregator aggregator(tests::rule_config(rule));
    const auto folded = aggregator.fold(
        *start, std::vector<FoldItem>{{one, start, 0.25, {}}, {two, start, 0.5, {}}}, {1}, 3);
    REQUIRE(folded.next);
    CHECK(whole_of(*folded.next) == expected);
  }
  auto config = tests::rule_config("hetlora");
  config.hetlora_weighting = "weighting";
  const auto folded = Aggregator(config).fold(
      *start, std::vector<FoldItem>{{one, start, 0.25, {}}, {two, start, 0.75, {}}}, {1}, 3);
  REQUIRE(folded.next);
  CHECK(whole_of(*folded.next) == std::vector<float>{2.5f, 7, 6, -1.5f});
}

TEST_CASE("the server's learning rate counts for it too") {
  const auto start = adapter_of(1, 0.5f, {0, 4, 8, -4});
  const auto one = adapter_of(1, 0.75f, {4, 4, 0, 0});
  for (const std::string rule : {"fedit", "flora", "product"}) {
    CAPTURE(rule);
    Aggregator aggregator(tests::rule_config(rule, 0.5));
    const auto folded =
        aggregator.fold(*start, std::vector<FoldItem>{{one, start, 1.0, {}}}, {1}, 3);
    REQUIRE(folded.next);
    CHECK(whole_of(*folded.next) == std::vector<float>{2, 4, 4, -2});
  }
}

TEST_CASE("clients of a smaller rank receive all of it") {
  const auto global = adapter_of(2, 0.5f, {1, 2, 3, 4});
  for (const std::string rule : {"hetlora", "flora", "hlora", "product"}) {
    CAPTURE(rule);
    const auto made = lora_rules().make(rule, tests::rule_config(rule));
    const auto view = made->view(global, layout_of_rank(1));
    CHECK(view->layout->modules()[0].rank == 1);
    CHECK(whole_of(*view) == std::vector<float>{1, 2, 3, 4});
  }
}
