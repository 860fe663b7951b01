#include "model/training/rank_penalty.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "model/adapter/rank_tail.hpp"
#include "model/training/lora_trainer.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/random.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/random_adapter.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

/// Two modules of other shapes and ranks, normal values.
Adapter two_modules() {
  Adapter adapter{std::make_shared<const AdapterLayout>(std::vector<LoraModule>{
                      {"x", 3, 2, 4, 8.0, false}, {"y", 2, 5, 3, 8.0, false}}),
                  {}};
  Random random(3, Purpose::sample);
  for (std::size_t i = 0; i < adapter.layout->size(); ++i)
    adapter.values.push_back(static_cast<float>(random.normal()));
  return adapter;
}

/// The penalty as its formula says, entry by entry.
double penalty_of(const Adapter& adapter, const RankPenalty& penalty) {
  double sum = 0.0;
  for (std::size_t i = 0; i < adapter.layout->modules().size(); ++i) {
    const LoraModule& module = adapter.layout->modules()[i];
    const auto first = static_cast<std::int64_t>(std::floor(penalty.gamma * double(module.rank)));
    double a = 0.0;
    double b = 0.0;
    for (std::int64_t row = first; row < module.rank; ++row) {
      for (std::int64_t column = 0; column < module.in; ++column)
        a += std::pow(double(adapter.a(i)[std::size_t(row * module.in + column)]), 2);
      for (std::int64_t out = 0; out < module.out; ++out)
        b += std::pow(double(adapter.b(i)[std::size_t(out * module.rank + row)]), 2);
    }
    sum += std::sqrt(a) * std::sqrt(b);
  }
  return penalty.lambda * sum;
}

}  // namespace

TEST_CASE("the penalty's gradient is the slope of lambda |B[:, m:]| |A[m:, :]|") {
  const RankPenalty penalty{0.7, 0.5};
  const Adapter adapter = two_modules();
  std::vector<float> gradient(adapter.values.size(), 0.25f);
  add_rank_penalty(gradient, adapter, penalty);
  constexpr double kStep = 1e-3;
  std::size_t untouched = 0;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    Adapter up = adapter;
    Adapter down = adapter;
    up.values[i] += static_cast<float>(kStep);
    down.values[i] -= static_cast<float>(kStep);
    const double slope = (penalty_of(up, penalty) - penalty_of(down, penalty)) / (2.0 * kStep);
    CHECK(double(gradient[i]) - 0.25 == doctest::Approx(slope).epsilon(1e-3).scale(1.0));
    if (gradient[i] == 0.25f) ++untouched;
  }
  // The first 2 of 4 ranks of x [2, 3], and the first of 3 of y [5, 2].
  CHECK(untouched == 2 * (3 + 2) + 1 * (2 + 5));
}

TEST_CASE("where a tail is zero, its factor gets no gradient, and nothing is NaN") {
  Adapter adapter = two_modules();
  for (std::size_t i = 0; i < 2; ++i) {
    for (float& value : adapter.b(i))
      value = 0.0f;
  }
  std::vector<float> gradient(adapter.values.size(), 0.0f);
  add_rank_penalty(gradient, adapter, {1.0, 0.5});
  CHECK(gradient == std::vector<float>(adapter.values.size(), 0.0f));
}

TEST_CASE("a rank of which nothing would be left is not cut, nor pushed down") {
  CHECK(kept_rank(8, 0.99) == 7);
  CHECK(kept_rank(8, 0.5) == 4);
  CHECK(kept_rank(1, 0.5) == 1);
  CHECK(kept_rank(8, 1.0) == 8);
  Adapter adapter{
      std::make_shared<const AdapterLayout>(std::vector<LoraModule>{{"x", 2, 2, 1, 1.0, false}}),
      {1, 2, 3, 4}};
  std::vector<float> gradient(4, 0.0f);
  add_rank_penalty(gradient, adapter, {1.0, 0.5});
  CHECK(gradient == std::vector<float>(4, 0.0f));
}

TEST_CASE("one factor alone cannot be penalised") {
  const Adapter adapter = two_modules();
  std::vector<float> gradient(5);
  CHECK_THROWS_AS(add_rank_penalty(gradient, adapter, {1.0, 0.5}), std::logic_error);
  add_rank_penalty(gradient, adapter, {});
  CHECK(gradient == std::vector<float>(5, 0.0f));
}

TEST_CASE("training under the penalty makes the upper part of each rank fall") {
  const GoldenOpt golden{"opt_prenorm"};
  const auto data = std::make_shared<EncodedData>();
  Random random(11, Purpose::sample);
  for (std::size_t i = 0; i < 6; ++i) {
    std::vector<std::int32_t> tokens(5 + random.below(20));
    for (auto& token : tokens)
      token = static_cast<std::int32_t>(random.below(64));
    data->add(tokens, tokens.size() / 2, tokens.size() / 2);
  }
  LoraConfig lora = lora_on({"q_proj", "fc1"});
  TrainConfig train;
  train.batch_size = 6;
  train.steps = 1;
  train.optimizer = "sgd";
  train.weight_decay = 0.0;
  train.max_grad_norm = 0.0;
  train.lr = 0.1;
  Indices all(data->size());
  std::iota(all.begin(), all.end(), 0u);
  TrainJob job;
  job.start = std::make_shared<const Adapter>(random_adapter(golden.base().shape(), lora, 0.05));
  job.examples = std::make_shared<const Indices>(all);
  const RankPenalty penalty{0.5, 0.5};
  const auto trained = [&](const RankPenalty& with) {
    return make_lora_trainer(golden.base_pointer(), data, lora, train, with)->train(job);
  };

  SUBCASE("one step of SGD differs by lr times the penalty's gradient") {
    const Adapter plain = trained({}).adapter;
    const Adapter pushed = trained(penalty).adapter;
    std::vector<float> gradient(plain.values.size(), 0.0f);
    add_rank_penalty(gradient, *job.start, penalty);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      CHECK(double(pushed.values[i]) - double(plain.values[i]) ==
            doctest::Approx(-0.1 * double(gradient[i])).epsilon(1e-3).scale(1e-3));
    }
  }
  SUBCASE("the loss that is reported stays that of the text") {
    CHECK(trained(penalty).stats.loss == trained({}).stats.loss);
  }
  SUBCASE("after some steps the server would prune") {
    train.steps = 20;
    const auto tail = [](const Adapter& adapter) {
      double sum = 0.0;
      for (std::size_t i = 0; i < adapter.layout->modules().size(); ++i) {
        const auto kept = kept_rank(adapter.layout->modules()[i].rank, 0.5);
        const TailNorms norms = tail_norms(adapter, i, kept);
        sum += norms.a * norms.b;
      }
      return sum;
    };
    CHECK(tail(trained(penalty).adapter) < 0.8 * tail(*job.start));
    CHECK(tail(trained(penalty).adapter) < 0.8 * tail(trained({}).adapter));
  }
}
