#include "actors/run/workload.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <utility>

#include "actors/run/attackers.hpp"
#include "actors/run/learning.hpp"
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

TEST_CASE("data that were read before make the same workload, and tell the same") {
  auto config = wordnet();
  config.data.degrade = {"drop_words", 0.3, 0.5};
  std::vector<std::string> told;
  const auto tell = [&](const std::string& text) { told.push_back(text); };
  const SharedRuns shared{std::make_shared<RunCache>(), "key"};
  const auto first = prepare_learning(config, {}, tell, tell, shared);
  const auto said = std::exchange(told, {});
  config.partition.skews.resize(1);
  config.partition.skews[0].by = "quantity";
  config.partition.skews[0].alpha = 0.3;
  const auto second = prepare_learning(config, {}, tell, tell, shared);
  CHECK(told.front() == said.front());
  CHECK(second.work->encoded == first.work->encoded);  // one copy

  const auto alone = prepare_learning(config, {}, tell, tell);
  REQUIRE(alone.clients() == second.clients());
  CHECK(fingerprint(config, alone) == fingerprint(config, second));
  CHECK(tokens(*alone.work, 7) == tokens(*second.work, 7));
  for (std::size_t c = 0; c < alone.clients(); ++c)
    CHECK(*alone.client_examples[c] == *second.client_examples[c]);
}

TEST_CASE("a cache keeps what was used last") {
  RunCache cache;
  int reads = 0;
  const auto read = [&] {
    ++reads;
    return ReadData();
  };
  for (const char* key : {"a", "b", "c", "d", "e", "f", "g", "h", "a", "i", "a"})
    cache.data(key, read);
  CHECK(reads == 9);  // "i" took the place of "b"
  cache.data("b", read);
  CHECK(reads == 10);
}

TEST_CASE("slow devices can belong to long contexts or to many examples") {
  auto config = wordnet();
  config.partition.skews.resize(2);
  config.partition.skews[0].by = "quantity";
  config.partition.skews[0].alpha = 0.5;
  config.partition.skews[1].by = "context_length";
  config.partition.skews[1].alpha = 0.3;
  config.devices.tiers = {{"any", 1.0, sim::Distribution::lognormal(100.0, 1.0)}};
  const auto silent = [](const std::string&) {};
  // Whether no client that has more is faster.
  const auto turned = [&](const std::string& name, const auto& measure) {
    config.devices.slow_have = name;
    const auto learning = prepare_learning(config, {}, silent, silent);
    for (std::uint32_t a = 0; a < 20; ++a) {
      for (std::uint32_t b = 0; b < 20; ++b) {
        if (measure(learning, a) > measure(learning, b) &&
            learning.devices->profile({a}).tokens_per_second >
                learning.devices->profile({b}).tokens_per_second)
          return false;
      }
    }
    return true;
  };
  const auto examples = [](const Learning& learning, std::uint32_t client) {
    return static_cast<double>(learning.client_examples[client]->size());
  };
  const auto length = [](const Learning& learning, std::uint32_t client) {
    double sum = 0.0;
    for (const std::uint32_t index : *learning.client_examples[client])
      sum += static_cast<double>(learning.work->encoded->context_tokens(index));
    return sum / static_cast<double>(learning.client_examples[client]->size());
  };
  CHECK(turned("many_examples", examples));
  CHECK(turned("long_contexts", length));
  CHECK_FALSE(turned("any", examples));
}
