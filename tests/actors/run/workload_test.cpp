#include "actors/run/workload.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "actors/run/attackers.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::actors;

namespace {

FederationConfig wordnet() {
  FederationConfig config;
  config.seed = 4;
  config.model.path = tests::source_folder() / "scenarios/base/opt-mini";
  config.data.path = tests::source_folder() / "scenarios/data/wordnet_definitions.jsonl";
  config.partition.clients = 20;
  return config;
}

Workload prepare(const FederationConfig& config) {
  return prepare_workload(
      config, [](const std::string&) {}, [](const std::string&) {});
}

std::vector<std::int32_t> tokens(const Workload& work, std::uint32_t index) {
  const auto span = work.encoded->tokens(index);
  return {span.begin(), span.end()};
}

}  // namespace

TEST_CASE("label noise spoils the attackers' own training examples, in text and in tokens") {
  auto config = wordnet();
  const Workload clean = prepare(config);
  config.faults.attackers.resize(2);
  config.faults.attackers[0].attack = "label_noise";
  config.faults.attackers[0].share = 0.25;
  config.faults.attackers[0].examples = 0.5;
  config.faults.attackers[1].attack = "nan";
  const Workload poisoned = prepare(config);
  const auto attackers = make_attackers(config, 20, nullptr);

  REQUIRE(poisoned.client_examples.size() == 20);
  std::set<std::uint32_t> changed;
  std::size_t expected = 0;
  for (std::uint32_t c = 0; c < 20; ++c) {
    const auto& own = *poisoned.client_examples[c];
    REQUIRE(own == *clean.client_examples[c]);
    const auto* attack = attackers.attack_of({c});
    std::size_t spoilt = 0;
    for (const std::uint32_t index : own) {
      if (poisoned.examples[index].target == clean.examples[index].target) continue;
      ++spoilt;
      changed.insert(index);
    }
    const bool noisy = attack != nullptr && attack->kind->spoils_labels;
    CHECK(spoilt == (noisy ? (own.size() + 1) / 2 : 0));
    expected += noisy ? (own.size() + 1) / 2 : 0;
  }
  CHECK(changed.size() == expected);
  CHECK(expected > 100);
  for (std::uint32_t i = 0; i < clean.examples.size(); ++i) {
    const bool same = tokens(clean, i) == tokens(poisoned, i);
    CHECK(same == !changed.contains(i));
    if (same) continue;
    const auto fresh = poisoned.encoder->encode(poisoned.examples[i]);
    REQUIRE(fresh);
    CHECK(tokens(poisoned, i) == fresh->tokens);
    CHECK(std::ranges::equal(poisoned.encoded->labels(i), fresh->labels));
  }
}
