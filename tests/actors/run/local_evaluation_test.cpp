#include "actors/run/local_evaluation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <barrier>
#include <mutex>

#include "actors/output/local_csv.hpp"
#include "partition/support/files.hpp"
#include "partition/support/indices.hpp"
#include "tests/actors/fake_parts.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet {
namespace {

model::AdapterPtr some_adapter() {
  const auto layout = std::make_shared<const model::AdapterLayout>(
      std::vector<model::LoraModule>{{"m", 2, 2, 1, 1.0, false}});
  return std::make_shared<const model::Adapter>(model::Adapter{layout, {1, 2, 3, 4}});
}

actors::LocalParts fake_local_parts(std::size_t slots) {
  actors::LocalParts parts;
  parts.trainer = std::make_shared<tests::FakeTrainer>();
  parts.scorer = [](std::uint32_t, std::size_t) { return std::make_unique<tests::FakeScorer>(); };
  parts.context_tokens = [](std::uint32_t client) { return 10.0 * client; };
  for (std::uint32_t client = 0; client < 9; ++client) {
    parts.train.push_back(std::make_shared<const Indices>(client + 1, 0u));
    if (client % 2 == 0) parts.clients.push_back(client);
  }
  parts.adapter = [](std::uint32_t) { return some_adapter(); };
  parts.run_seed = 3;
  parts.version = 4;
  parts.slots = slots;
  return parts;
}

std::string csv_of(const std::vector<actors::LocalScore>& scores) {
  const tests::TemporaryFolder folder;
  actors::write_local_csv(scores, folder / "local.csv");
  return read_file(folder / "local.csv");
}

TEST_CASE("clients are scored with the base, the global adapter and their own") {
  const auto scores = actors::evaluate_locally(fake_local_parts(1), {});
  REQUIRE(scores.size() == 5);
  CHECK(scores[1].client == 2);
  CHECK(scores[1].train_examples == 3);
  CHECK(scores[1].context_tokens == 20.0);
  CHECK(scores[1].base.loss() == 0.0);
  CHECK(scores[1].global.loss() == doctest::Approx(std::sqrt(30.0)));
  CHECK(scores[1].after_training.loss() != scores[1].global.loss());
  CHECK(scores[1].after_training.loss() != scores[2].after_training.loss());
}

TEST_CASE("each client is scored with what it holds, and trains what its next job would") {
  auto parts = fake_local_parts(2);
  parts.adapter = [](std::uint32_t client) {
    auto own = std::make_shared<model::Adapter>(*some_adapter());
    own->values.back() += static_cast<float>(client);  // its private B
    return own;
  };
  struct Seen final : tests::FakeTrainer {
    model::TrainResult train(const model::TrainJob& job) const override {
      CHECK(job.trains == model::Factors::a);
      CHECK(job.start->values.back() == 4.0f + static_cast<float>(job.client));
      return FakeTrainer::train(job);
    }
  };
  parts.trainer = std::make_shared<Seen>();
  parts.trains = model::Factors::a;
  parts.slots = 1;
  const auto scores = actors::evaluate_locally(parts, {});
  CHECK(scores[1].global.loss() == doctest::Approx(std::sqrt(14.0 + 36.0)));
}

TEST_CASE("a client alone does its jobs from the initial adapter, each from the one before") {
  auto parts = fake_local_parts(1);
  CHECK_FALSE(actors::evaluate_locally(parts, {}).front().alone.has_value());
  parts.clients = {4};
  parts.trains = model::Factors::a;
  parts.alone_jobs = 3;
  parts.start = [](std::uint32_t) {
    auto initial = std::make_shared<model::Adapter>(*some_adapter());
    initial->values = {0, 0, 0, 0};
    return initial;
  };
  struct Counting final : tests::FakeTrainer {
    mutable std::vector<model::TrainJob> jobs;
    model::TrainResult train(const model::TrainJob& job) const override {
      jobs.push_back(job);
      return FakeTrainer::train(job);
    }
  };
  const auto trainer = std::make_shared<Counting>();
  parts.trainer = trainer;
  const auto scores = actors::evaluate_locally(parts, {});
  REQUIRE(trainer->jobs.size() == 4);  // one from the final version, then three alone
  CHECK(trainer->jobs[1].start->values == std::vector<float>{0, 0, 0, 0});
  const auto first = tests::FakeTrainer().train(trainer->jobs[1]);
  CHECK(trainer->jobs[2].start->values == first.adapter.values);
  const auto last = tests::FakeTrainer().train(trainer->jobs[3]);
  const auto score =
      tests::FakeScorer().evaluate(std::make_shared<const model::Adapter>(last.adapter));
  REQUIRE(scores.front().alone.has_value());
  CHECK(scores.front().alone->loss() == score.total.loss());
  for (std::size_t i = 1; i < 4; ++i) {
    CHECK(trainer->jobs[i].trains == model::Factors::both);
    CHECK(trainer->jobs[i].version == i - 1);
    CHECK(trainer->jobs[i].seq != trainer->jobs[i - 1].seq);
  }
  CHECK(csv_of(scores).find(",alone_loss,alone_perplexity,") != std::string::npos);
}

TEST_CASE("a client is trained and scored by one slot, and every slot has some") {
  struct Seen final : tests::FakeTrainer {
    mutable std::mutex mutex;
    mutable std::vector<std::size_t> slots;
    std::unique_ptr<model::Cohort> cohort(std::size_t slot) const override {
      const std::lock_guard lock(mutex);
      slots.push_back(slot);
      return FakeTrainer::cohort(slot);
    }
  };
  auto parts = fake_local_parts(2);
  const auto trainer = std::make_shared<Seen>();
  parts.trainer = trainer;
  std::vector<std::size_t> of_scorer;
  std::barrier both(2);
  parts.scorer = [&](std::uint32_t client, std::size_t slot) {
    if (client < 4) both.arrive_and_wait();  // the first client of each slot
    const std::lock_guard lock(trainer->mutex);
    of_scorer.push_back(slot);
    return std::make_unique<tests::FakeScorer>();
  };
  CHECK(actors::evaluate_locally(parts, {}).size() == 5);
  std::sort(of_scorer.begin(), of_scorer.end());
  std::sort(trainer->slots.begin(), trainer->slots.end());
  CHECK(of_scorer.size() == 5);
  CHECK(of_scorer == trainer->slots);
  CHECK(of_scorer.front() == 0);
  CHECK(of_scorer.back() == 1);
}

TEST_CASE("local scores do not depend on the number of slots") {
  const std::string one = csv_of(actors::evaluate_locally(fake_local_parts(1), {}));
  for (const std::size_t slots : {2u, 4u, 16u}) {
    CHECK(csv_of(actors::evaluate_locally(fake_local_parts(slots), {})) == one);
  }
  CHECK(one.starts_with("client,train_examples,test_examples,test_label_tokens,"));
}

TEST_CASE("local evaluation stops when asked, and passes failures on") {
  std::stop_source stop;
  stop.request_stop();
  CHECK(actors::evaluate_locally(fake_local_parts(2), stop.get_token()).empty());

  auto parts = fake_local_parts(2);
  parts.scorer = [](std::uint32_t client, std::size_t) -> std::unique_ptr<model::Scorer> {
    if (client == 4) throw std::runtime_error("no scorer");
    return std::make_unique<tests::FakeScorer>();
  };
  CHECK_THROWS_WITH(actors::evaluate_locally(parts, {}), "no scorer");
}

}  // namespace
}  // namespace lorafleet
