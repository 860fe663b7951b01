#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "actors/run/attackers.hpp"
#include "actors/run/trainers/faulty_trainer.hpp"
#include "actors/sim/fleet.hpp"
#include "partition/support/error.hpp"
#include "tests/actors/fake_run.hpp"

using namespace lorafleet;
using namespace lorafleet::strategy;

namespace {

using Values = std::vector<float>;

AttackerConfig entry(const std::string& attack, double share, const std::string& tier = "") {
  AttackerConfig config;
  config.attack = attack;
  config.share = share;
  config.tier = tier;
  return config;
}

Attackers attackers(std::vector<AttackerConfig> entries, std::size_t clients,
                    std::uint64_t seed = 5, const TierOf& tier_of = nullptr) {
  return {FaultsConfig{std::move(entries)}, clients, seed, tier_of};
}

/// A [2, 2] and B [2, 2].
model::LayoutPtr layout_of(std::int64_t width) {
  return std::make_shared<const model::AdapterLayout>(
      std::vector<model::LoraModule>{{"q", width, width, 2, 2.0, false}});
}

/// From `start` everywhere.
model::TrainJob job_from(float start, std::int64_t width = 2) {
  const auto layout = layout_of(width);
  model::TrainJob job;
  job.client = 3;
  job.seq = 11;
  job.run_seed = 5;
  job.start =
      std::make_shared<const model::Adapter>(model::Adapter{layout, Values(layout->size(), start)});
  return job;
}

model::TrainResult trained(const model::TrainJob& job, float change) {
  model::TrainResult result{*job.start, {}};
  for (float& value : result.adapter.values)
    value += change;
  result.stats.loss = 1.5;
  return result;
}

Attack attack_of(const char* kind, double scale) {
  Attack attack;
  attack.kind = &attack_kinds().at(kind);
  attack.scale = scale;
  return attack;
}

double deviation(std::span<const float> values, double mean) {
  double sum = 0.0;
  for (const float value : values)
    sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

struct CountingTrainer final : model::Trainer {
  mutable int trainings = 0;
  [[nodiscard]] model::JobSize size(const model::TrainJob&) const override { return {9, 99}; }
  [[nodiscard]] model::TrainResult train(const model::TrainJob& job) const override {
    ++trainings;
    return trained(job, 1.0f);
  }
};

}  // namespace

TEST_CASE("attackers hold their shares, and no client is in two groups") {
  const auto some = attackers({entry("nan", 0.3), entry("scale", 0.25), entry("noise", 0.45)}, 20);
  CHECK(some.clients().size() == 20);
  std::map<std::string, int> kinds;
  for (const auto client : some.clients())
    ++kinds[some.attack_of(client)->kind->name];
  CHECK(kinds["nan"] == 6);
  CHECK(kinds["scale"] == 5);
  CHECK(kinds["noise"] == 9);
  CHECK(attackers({}, 20).empty());
  CHECK(attackers({entry("nan", 0.04)}, 10).empty());
  CHECK(Attackers().attack_of({0}) == nullptr);
}

TEST_CASE("who attacks depends on the seed and the shares, not on the attack") {
  const auto of = [](const std::string& attack, std::uint64_t seed) {
    return attackers({entry(attack, 0.2)}, 100, seed).clients();
  };
  CHECK(of("nan", 5) == of("free_rider", 5));
  CHECK(of("nan", 5) != of("nan", 6));
  // More of them: the same and others.
  const auto few = of("nan", 5);
  const auto many = attackers({entry("nan", 0.5)}, 100, 5).clients();
  CHECK(std::includes(many.begin(), many.end(), few.begin(), few.end()));
  // Spread over the clients.
  CHECK(few.front().value < 25);
  CHECK(few.back().value >= 75);
}

TEST_CASE("attackers of a tier are a share of that tier, whatever stands before them") {
  const TierOf tier_of = [](sim::ClientId client) { return client.value < 10 ? "slow" : "fast"; };
  const auto some = attackers({entry("scale", 0.5), entry("nan", 0.5, "slow")}, 40, 5, tier_of);
  int slow = 0;
  int others = 0;
  for (const auto client : some.clients()) {
    if (some.attack_of(client)->kind->name == "nan") {
      ++slow;
      CHECK(client.value < 10);
    } else {
      ++others;
    }
  }
  CHECK(slow == 5);
  CHECK(others == 20);
}

TEST_CASE("a run's tiers say whom an attack can hit") {
  auto config = tests::tiny_config(30);
  config.devices.tiers.push_back(config.devices.tiers.front());
  config.devices.tiers[1].name = "other";
  config.faults.attackers = {entry("sign_flip", 1.0, "other")};
  const sim::Fleet fleet(config.devices, config.network, 30, config.seed, 0.0);
  const auto some = actors::make_attackers(config, 30, &fleet);
  for (std::uint32_t c = 0; c < 30; ++c)
    CHECK((some.attack_of({c}) != nullptr) == (fleet.profile({c}).tier == 1));
  config.faults.attackers[0].tier = "third";
  CHECK_THROWS_WITH(actors::make_attackers(config, 30, &fleet),
                    "faults.attackers.tier: \"third\" is no tier; known: only, other");
}

TEST_CASE("a flipped sign and a scaled change are what they are called") {
  const auto job = job_from(10.0f);
  CHECK(corrupt(attack_of("sign_flip", 1.0), job, trained(job, 0.5f)).adapter.values ==
        Values(8, 9.5f));
  CHECK(corrupt(attack_of("sign_flip", 4.0), job, trained(job, 0.5f)).adapter.values ==
        Values(8, 8.0f));
  const auto scaled = corrupt(attack_of("scale", 8.0), job, trained(job, 0.5f));
  CHECK(scaled.adapter.values == Values(8, 14.0f));
  CHECK(scaled.stats.loss == 1.5);
}

TEST_CASE("noise is normal, of the size of the honest change, on the trained factors alone") {
  auto job = job_from(0.0f, 2000);  // 4000 values each
  job.trains = model::Factors::b;
  auto honest = trained(job, 0.0f);
  for (float& value : honest.adapter.b(0))
    value = 0.25f;  // rms 0.25
  const auto sent = corrupt(attack_of("noise", 2.0), job, honest);
  CHECK(sent.adapter.a(0)[17] == 0.0f);
  CHECK(deviation(sent.adapter.a(0), 0.0) == 0.0);
  CHECK(deviation(sent.adapter.b(0), 0.25) == doctest::Approx(0.5).epsilon(0.04));
  CHECK(corrupt(attack_of("noise", 2.0), job, honest).adapter.values == sent.adapter.values);
  job.seq = 12;
  CHECK(corrupt(attack_of("noise", 2.0), job, honest).adapter.values != sent.adapter.values);
}

TEST_CASE("an attack with NaN leaves the frozen factors alone") {
  auto job = job_from(1.0f);
  job.trains = model::Factors::a;
  const auto sent = corrupt(attack_of("nan", 1.0), job, trained(job, 0.0f));
  CHECK(std::all_of(sent.adapter.a(0).begin(), sent.adapter.a(0).end(),
                    [](float x) { return std::isnan(x); }));
  CHECK(sent.adapter.b(0)[0] == 1.0f);
}

TEST_CASE("free riders send what they got, without training, and claim their examples") {
  FaultsConfig faults{{entry("free_rider", 1.0)}};
  const auto inner = std::make_shared<CountingTrainer>();
  const actors::FaultyTrainer lazy(inner, {faults, 5, 1, nullptr});
  const auto job = job_from(2.0f);
  const auto sent = lazy.train(job);
  CHECK(inner->trainings == 0);
  CHECK(sent.adapter.values == job.start->values);
  CHECK(sent.stats.examples == 9);
  CHECK(sent.stats.tokens == 0);
  CHECK(lazy.size(job).tokens == 99);

  faults.attackers[0].deviation = 0.01;
  const actors::FaultyTrainer hidden(inner, {faults, 5, 1, nullptr});
  const auto disguised = hidden.train(job_from(2.0f, 2000));
  CHECK(deviation(disguised.adapter.values, 2.0) == doctest::Approx(0.01).epsilon(0.05));
  CHECK(inner->trainings == 0);
}

TEST_CASE("attackers begin at their version, and others are honest") {
  FaultsConfig faults{{entry("sign_flip", 0.5)}};
  faults.attackers[0].from_version = 3;
  const Attackers some(faults, 10, 1, nullptr);
  const auto inner = std::make_shared<CountingTrainer>();
  const actors::FaultyTrainer trainer(inner, some);
  auto job = job_from(0.0f);
  for (job.client = 0; job.client < 10; ++job.client) {
    const bool bad = some.attack_of({job.client}) != nullptr;
    job.version = 2;
    CHECK(trainer.train(job).adapter.values == Values(8, 1.0f));
    job.version = 3;
    CHECK(trainer.train(job).adapter.values == Values(8, bad ? -1.0f : 1.0f));
  }
  const actors::FaultyTrainer label_noise(inner, attackers({entry("label_noise", 1.0)}, 10));
  job.client = 0;
  CHECK(label_noise.train(job).adapter.values == Values(8, 1.0f));  // trains on what it has
}

TEST_CASE("in a cohort attackers send what they send alone, and free riders take no place in it") {
  FaultsConfig faults{{entry("free_rider", 0.4), entry("sign_flip", 0.3)}};
  const auto inner = std::make_shared<CountingTrainer>();
  const Attackers some(faults, 10, 1, nullptr);
  const actors::FaultyTrainer trainer(inner, some);
  std::vector<Values> alone;
  auto job = job_from(0.0f);
  for (job.client = 0; job.client < 10; ++job.client)
    alone.push_back(trainer.train(job).adapter.values);
  const int trainings = inner->trainings;
  const auto cohort = trainer.cohort(0);
  for (job.client = 0; job.client < 10; ++job.client)
    cohort->add(100 + job.client, job);
  std::size_t ended = 0;
  for (int pass = 0; pass < 20; ++pass) {
    for (const auto& own : cohort->advance()) {
      ++ended;
      REQUIRE(own.failure == nullptr);
      CHECK(own.result.adapter.values == alone[own.ticket - 100]);
    }
  }
  CHECK(ended == 10);
  CHECK(trainings == 6);
  CHECK(inner->trainings == 2 * trainings);
}

TEST_CASE("faults that cannot be are refused") {
  const auto refuses = [](std::vector<AttackerConfig> entries) {
    CHECK_THROWS_AS(attackers(std::move(entries), 10), InputError);
  };
  refuses({entry("flip_sign", 0.1)});
  refuses({entry("nan", 1.1)});
  refuses({entry("nan", 0.9), entry("scale", 0.9)});
  auto bad = entry("noise", 0.1);
  bad.scale = -1.0;
  refuses({bad});
  bad = entry("nan", 0.1);
  bad.from_version = -1;
  refuses({bad});
  CHECK(attackers({entry("nan", 0.5), entry("scale", 0.5)}, 5).clients().size() == 5);
}
