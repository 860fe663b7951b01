#include "actors/run/trainers/private_factor_trainer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lorafleet {
namespace {

using Values = std::vector<float>;

/// Adds 1 to every factor, remembers what it was given, and keeps a count in its state.
class AddOne final : public model::Trainer {
 public:
  [[nodiscard]] model::JobSize size(const model::TrainJob&) const override { return {3, 70}; }
  [[nodiscard]] model::TrainResult train(const model::TrainJob& job) const override {
    seen = job.start->values;
    trains = job.trains;
    model::TrainResult result{*job.start, {}};
    for (float& value : result.adapter.values)
      value += 1.0f;
    result.stats.tokens = 70;
    if (counts) {
      auto state = std::make_shared<model::PrivateState>();
      if (job.state) *state = *job.state;
      const auto* old = job.state ? job.state->find("count") : nullptr;
      if (old == nullptr) {
        state->vectors.emplace_back("count", Values{1.0f});
      } else {
        state->vectors.front().second = {old->front() + 1.0f};
      }
      result.state = state;
    }
    return result;
  }
  bool counts = false;
  mutable Values seen;
  mutable model::Factors trains = model::Factors::both;
};

/// Two modules: A0 = 1 value, B0 = 2 values, A1 = 2 values, B1 = 1 value, for rank 1.
model::LayoutPtr layout(std::int64_t rank = 1) {
  return std::make_shared<const model::AdapterLayout>(
      std::vector<model::LoraModule>{{"x", 1, 2, rank, 1.0, false}, {"y", 2, 1, rank, 1.0, false}});
}

model::TrainJob job(Values values, model::PrivateStatePtr state = nullptr, std::int64_t rank = 1) {
  model::TrainJob job;
  job.start =
      std::make_shared<const model::Adapter>(model::Adapter{layout(rank), std::move(values)});
  job.state = std::move(state);
  return job;
}

TEST_CASE("a client's first job starts from the global B, its next ones from its own") {
  const auto inner = std::make_shared<AddOne>();
  const actors::PrivateFactorTrainer trainer(inner);
  CHECK(trainer.size(job({0, 0, 0, 0, 0, 0})).tokens == 70);

  const auto first = trainer.train(job({10, 0, 0, 11, 12, 0}));
  CHECK(inner->seen == Values{10, 0, 0, 11, 12, 0});
  CHECK(first.adapter.values == Values{11, 0, 0, 12, 13, 0});  // A trained, B the server's
  CHECK(first.stats.tokens == 70);
  REQUIRE(first.state);
  CHECK(first.state->vectors.size() == 1);
  REQUIRE(first.state->find("fedsa_b"));
  CHECK(*first.state->find("fedsa_b") == Values{1, 1, 1});

  const auto second = trainer.train(job({50, 7, 8, 60, 70, 9}, first.state));
  CHECK(inner->seen == Values{50, 1, 1, 60, 70, 1});
  CHECK(second.adapter.values == Values{51, 7, 8, 61, 71, 9});
  CHECK(*second.state->find("fedsa_b") == Values{2, 2, 2});
  CHECK(*first.state->find("fedsa_b") == Values{1, 1, 1});  // a replayed job finds it as it was
}

TEST_CASE("a B that starts at other values than zero is the first job's too") {
  const auto inner = std::make_shared<AddOne>();
  const auto result = actors::PrivateFactorTrainer(inner).train(job({0, 3, 4, 0, 0, 5}));
  CHECK(inner->seen == Values{0, 3, 4, 0, 0, 5});
  CHECK(*result.state->find("fedsa_b") == Values{4, 5, 6});
}

TEST_CASE("in a cohort each job has its own client's B") {
  const auto inner = std::make_shared<AddOne>();
  const actors::PrivateFactorTrainer trainer(inner);
  const auto first = trainer.train(job({10, 0, 0, 11, 12, 0}));
  const auto cohort = trainer.cohort(0);
  cohort->add(7, job({50, 7, 8, 60, 70, 9}, first.state));
  cohort->add(3, job({0, 3, 4, 0, 0, 5}));
  std::size_t ended = 0;
  for (int pass = 0; pass < 3; ++pass) {
    for (const auto& own : cohort->advance()) {
      ++ended;
      CHECK(own.result.adapter.values ==
            (own.ticket == 7 ? Values{51, 7, 8, 61, 71, 9} : Values{1, 3, 4, 1, 1, 5}));
      CHECK(*own.result.state->find("fedsa_b") ==
            (own.ticket == 7 ? Values{2, 2, 2} : Values{4, 5, 6}));
    }
  }
  CHECK(ended == 2);
}

TEST_CASE("a client's B of another rank is dropped") {
  const auto inner = std::make_shared<AddOne>();
  const actors::PrivateFactorTrainer trainer(inner);
  const auto first = trainer.train(job({0, 0, 0, 0, 0, 0}));
  const Values wide = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};  // A0 2, B0 4, A1 4, B1 2
  const auto result = trainer.train(job(wide, first.state, 2));
  CHECK(inner->seen == wide);
  CHECK(*result.state->find("fedsa_b") == Values{4, 5, 6, 7, 12, 13});
  CHECK(result.adapter.values == Values{2, 3, 3, 4, 5, 6, 8, 9, 10, 11, 11, 12});
}

TEST_CASE("what is trained whole is nobody's own") {
  const auto inner = std::make_shared<AddOne>();
  model::TrainJob whole = job({10, 0, 0, 11, 12, 0});
  auto start = std::make_shared<model::Adapter>(*whole.start);
  start->layout = std::make_shared<const model::AdapterLayout>(
      layout()->modules(), std::vector<model::WholeTensor>{{"classifier", {2}}});
  start->values.insert(start->values.end(), {20, 21});
  whole.start = start;
  const auto result = actors::PrivateFactorTrainer(inner).train(whole);
  CHECK(result.adapter.values == Values{11, 0, 0, 12, 13, 0, 21, 22});
  CHECK(*result.state->find("fedsa_b") == Values{1, 1, 1});
}

TEST_CASE("what else a client keeps stays, whoever wrote it") {
  const auto inner = std::make_shared<AddOne>();
  const actors::PrivateFactorTrainer trainer(inner);
  auto state = std::make_shared<model::PrivateState>();
  state->vectors = {{"residual", {0.5f}}, {"fedsa_b", {1, 2, 3}}, {"other", {7.0f}}};
  const auto kept = trainer.train(job({0, 0, 0, 0, 0, 0}, state));
  REQUIRE(kept.state->vectors.size() == 3);
  CHECK(kept.state->vectors[0].first == "residual");  // the order is part of the bytes
  CHECK(kept.state->vectors[0].second == Values{0.5f});
  CHECK(kept.state->vectors[1].second == Values{2, 3, 4});
  CHECK(kept.state->vectors[2].second == Values{7.0f});

  inner->counts = true;
  const auto first = trainer.train(job({0, 0, 0, 0, 0, 0}));
  const auto second = trainer.train(job({0, 0, 0, 0, 0, 0}, first.state));
  CHECK(*second.state->find("count") == Values{2});
  CHECK(*second.state->find("fedsa_b") == Values{2, 2, 2});
}

TEST_CASE("the factors that a job trains are passed on") {
  const auto inner = std::make_shared<AddOne>();
  auto only_b = job({0, 0, 0, 0, 0, 0});
  only_b.trains = model::Factors::b;
  static_cast<void>(actors::PrivateFactorTrainer(inner).train(only_b));
  CHECK(inner->trains == model::Factors::b);
}

TEST_CASE("the adapter that a client has joins the global A with its own B") {
  const auto global = job({1, 2, 3, 4, 5, 6});
  model::PrivateState state;
  CHECK(actors::with_private_b(*global.start, nullptr).values == Values{1, 2, 3, 4, 5, 6});
  CHECK(actors::with_private_b(*global.start, &state).values == Values{1, 2, 3, 4, 5, 6});
  state.vectors = {{"fedsa_b", {20, 30, 60}}};
  CHECK(actors::with_private_b(*global.start, &state).values == Values{1, 20, 30, 4, 5, 60});
  state.vectors = {{"fedsa_b", {20, 30}}};
  CHECK(actors::with_private_b(*global.start, &state).values == Values{1, 2, 3, 4, 5, 6});
}

}  // namespace
}  // namespace lorafleet
