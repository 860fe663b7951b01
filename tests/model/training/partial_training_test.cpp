#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "model/adapter/factor_selection.hpp"
#include "model/training/batching.hpp"
#include "model/training/lora_trainer.hpp"
#include "partition/support/indices.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/random_adapter.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

/// A job of one module kind of each shape on the tiny pre-norm model, all examples in each step.
struct Setup {
  GoldenOpt golden{"opt_prenorm"};
  std::shared_ptr<EncodedData> data = std::make_shared<EncodedData>();
  LoraConfig lora = lora_on({"q_proj", "v_proj", "fc1"});
  TrainConfig train;

  Setup() {
    lora.rank_pattern = {{"fc1", 5}};
    train.batch_size = 6;
    train.lr = 1.0;
    train.optimizer = "sgd";
    train.weight_decay = 0.0;
    train.max_grad_norm = 0.0;
    train.steps = 1;
    Random random(11, Purpose::sample);
    for (std::size_t i = 0; i < 6; ++i) {
      std::vector<std::int32_t> tokens(5 + random.below(20));
      for (auto& token : tokens)
        token = static_cast<std::int32_t>(random.below(64));
      data->add(tokens, tokens.size() / 2, tokens.size() / 2);
    }
  }

  [[nodiscard]] TrainJob job(Factors trains) const {
    Indices all(data->size());
    std::iota(all.begin(), all.end(), 0u);
    TrainJob job;
    job.seq = 3;
    job.run_seed = 42;
    job.start = std::make_shared<const Adapter>(random_adapter(golden.base().shape(), lora, 0.05));
    job.examples = std::make_shared<const Indices>(all);
    job.trains = trains;
    return job;
  }
  [[nodiscard]] std::vector<float> trained(Factors trains) const {
    return make_lora_trainer(golden.base_pointer(), data, lora, train)
        ->train(job(trains))
        .adapter.values;
  }
  /// The batch of step `step`, as the trainer packs it.
  [[nodiscard]] PackedBatch batch(std::size_t step) const {
    const auto plan = plan_batches(*data, *job(Factors::both).examples, train, 42, 0, 3);
    return pack(*data, plan.at(step));
  }
  [[nodiscard]] FactorSelection selection(Factors factors) const {
    return {*job(factors).start->layout, factors};
  }
};

}  // namespace

TEST_CASE("a selection of factors is gathered and put back by modules") {
  // Values 0 to 9: A0 = 0 1, B0 = 2 3 4, A1 = 5 6 7, B1 = 8 9.
  const AdapterLayout layout({{"x", 2, 3, 1, 1.0, false}, {"y", 3, 2, 1, 1.0, false}});
  std::vector<float> all(10);
  std::iota(all.begin(), all.end(), 0.0f);
  CHECK(FactorSelection(layout, Factors::a).gather(all) == std::vector<float>{0, 1, 5, 6, 7});
  CHECK(FactorSelection(layout, Factors::b).gather(all) == std::vector<float>{2, 3, 4, 8, 9});
  CHECK(FactorSelection(layout, Factors::both).gather(all) == all);
  FactorSelection(layout, Factors::b).scatter(std::vector<float>{20, 21, 22, 23, 24}, all);
  CHECK(all == std::vector<float>{0, 1, 20, 21, 22, 5, 6, 7, 23, 24});
}

TEST_CASE("factors that a job does not train keep their bytes, under every optimiser") {
  Setup setup;
  setup.train.steps = 4;
  setup.train.lr = 0.01;
  setup.train.weight_decay = 0.5;
  setup.train.prox_mu = 0.1;
  setup.train.momentum = 0.9;
  setup.lora.lora_dropout = 0.1;
  for (const char* optimizer : {"adamw", "sgd"}) {
    setup.train.optimizer = optimizer;
    for (const auto& [trains, other] :
         {std::pair(Factors::a, Factors::b), std::pair(Factors::b, Factors::a)}) {
      const auto values = setup.trained(trains);
      const auto start = setup.job(trains).start->values;
      CHECK(setup.selection(other).gather(values) == setup.selection(other).gather(start));
      const auto moved = setup.selection(trains).gather(values);
      const auto before = setup.selection(trains).gather(start);
      std::size_t changed = 0;
      for (std::size_t i = 0; i < moved.size(); ++i)
        changed += moved[i] != before[i] ? 1 : 0;
      CHECK(changed > moved.size() * 9 / 10);
    }
  }
}

TEST_CASE("one step on one factor is that factor's part of a step on both") {
  const Setup setup;
  const auto both = setup.trained(Factors::both);
  for (const Factors trains : {Factors::a, Factors::b}) {
    CHECK(setup.selection(trains).gather(setup.trained(trains)) ==
          setup.selection(trains).gather(both));
  }
}

TEST_CASE("training B only follows the slope that small steps of B show") {
  const Setup setup;
  const auto job = setup.job(Factors::b);
  const auto selection = setup.selection(Factors::b);
  const auto before = selection.gather(job.start->values);
  const auto after = selection.gather(setup.trained(Factors::b));
  // With SGD at rate 1 the step is minus the gradient; along it the loss rises by its norm.
  std::vector<double> slope(before.size());
  double norm = 0.0;
  for (std::size_t i = 0; i < slope.size(); ++i) {
    slope[i] = static_cast<double>(before[i]) - static_cast<double>(after[i]);
    norm += slope[i] * slope[i];
  }
  norm = std::sqrt(norm);
  REQUIRE(norm > 0.0);
  const auto loss_at = [&](double reach) {
    Adapter moved = *job.start;
    auto values = before;
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(values[i] + reach * slope[i] / norm);
    selection.scatter(values, moved.values);
    return packed_loss(setup.golden.base(), moved, setup.batch(0)).loss;
  };
  CHECK((loss_at(0.002) - loss_at(-0.002)) / 0.004 == doctest::Approx(norm).epsilon(0.005));
}

TEST_CASE("several steps of AdamW on B are those of a double-precision AdamW on masked gradients") {
  Setup setup;
  setup.train.optimizer = "adamw";
  setup.train.steps = 5;
  setup.train.lr = 0.01;
  setup.train.weight_decay = 0.1;
  setup.train.max_grad_norm = 0.02;
  setup.train.prox_mu = 0.3;
  const auto job = setup.job(Factors::b);
  const auto selection = setup.selection(Factors::b);
  const auto start = selection.gather(job.start->values);
  std::vector<double> weights(start.begin(), start.end());
  std::vector<double> first(weights.size());
  std::vector<double> second(weights.size());
  Adapter current = *job.start;
  double smallest_factor = 1.0;
  for (int step = 1; step <= 5; ++step) {
    const auto gradient = selection.gather(
        packed_loss(setup.golden.base(), current, setup.batch(static_cast<std::size_t>(step - 1)))
            .gradient);
    std::vector<double> g(gradient.begin(), gradient.end());
    double norm = 0.0;
    for (std::size_t i = 0; i < g.size(); ++i) {
      g[i] += 0.3 * (weights[i] - start[i]);
      norm += g[i] * g[i];
    }
    const double factor = std::min(1.0, 0.02 / (std::sqrt(norm) + 1e-6));
    smallest_factor = std::min(smallest_factor, factor);
    for (std::size_t i = 0; i < g.size(); ++i) {
      const double clipped = factor * g[i];
      first[i] = 0.9 * first[i] + 0.1 * clipped;
      second[i] = 0.999 * second[i] + 0.001 * clipped * clipped;
      const double m = first[i] / (1.0 - std::pow(0.9, step));
      const double v = second[i] / (1.0 - std::pow(0.999, step));
      weights[i] -= 0.01 * (0.1 * weights[i] + m / (std::sqrt(v) + 1e-8));
    }
    selection.scatter(std::vector<float>(weights.begin(), weights.end()), current.values);
  }
  CHECK(smallest_factor < 0.9);  // so that clipping had something to do
  const auto result = selection.gather(setup.trained(Factors::b));
  const double difference =
      largest_difference(result, std::vector<float>(weights.begin(), weights.end()));
  MESSAGE("largest difference: " << difference);
  CHECK(difference <= 1e-6);  // of weights that moved by up to 0.05
}

TEST_CASE("clipping counts only the trained factors") {
  Setup setup;
  const auto job = setup.job(Factors::a);
  const auto selection = setup.selection(Factors::a);
  const auto gradient =
      selection.gather(packed_loss(setup.golden.base(), *job.start, setup.batch(0)).gradient);
  setup.train.max_grad_norm = 0.5 * l2_norm(gradient);
  const auto after = selection.gather(setup.trained(Factors::a));
  const auto before = selection.gather(job.start->values);
  double largest = 0.0;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(before[i]) -
                                         static_cast<double>(after[i]) - 0.5 * gradient[i]));
  }
  CHECK(largest <= 1e-7);
}

TEST_CASE("training one factor also runs with ATen's operators and copied factors") {
  const Setup setup;
  const auto expected = setup.trained(Factors::b);
  const HostKernelsOff off;
  const auto values = setup.trained(Factors::b);
  CHECK(setup.selection(Factors::a).gather(values) == setup.selection(Factors::a).gather(expected));
  CHECK(largest_difference(values, expected) <= 1e-6);
}
