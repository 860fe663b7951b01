#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "model/adapter/adapter.hpp"
#include "model/device/process.hpp"
#include "model/evaluation/scorer.hpp"
#include "model/training/batching.hpp"
#include "model/training/lora_trainer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/random.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/random_adapter.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

std::shared_ptr<const EncodedData> made_up_data(std::size_t count, std::uint64_t seed = 5) {
  Random random(seed, Purpose::sample);
  auto data = std::make_shared<EncodedData>();
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::int32_t> tokens(4 + random.below(40));
    for (auto& token : tokens) {
      token = static_cast<std::int32_t>(random.below(64));
    }
    data->add(tokens, tokens.size() / 2, tokens.size() / 2);
  }
  return data;
}

/// A training set-up on the tiny pre-norm model.
struct Bench {
  GoldenOpt golden{"opt_prenorm"};
  std::shared_ptr<const EncodedData> data = made_up_data(12);
  LoraConfig lora = lora_on({"q_proj", "v_proj"});
  TrainConfig train;

  Bench() {
    train.batch_tokens = 64;  // with batch_size: steps in several passes
    train.lr = 1e-2;
  }
  [[nodiscard]] std::unique_ptr<Trainer> trainer() const {
    return make_lora_trainer(golden.base_pointer(), data, lora, train);
  }
  [[nodiscard]] TrainJob job(std::uint32_t client = 0) const {
    Indices all(data->size());
    std::iota(all.begin(), all.end(), 0u);
    return {client,
            3,
            42,
            0,
            std::make_shared<const Adapter>(random_adapter(golden.base().shape(), lora, 0.05)),
            std::make_shared<const Indices>(all)};
  }
};

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> difference(a.size());
  std::transform(a.begin(), a.end(), b.begin(), difference.begin(), std::minus<>());
  return l2_norm(difference);
}

}  // namespace

TEST_CASE("gradients of all six modules, of different ranks, are those that small steps show") {
  LoraConfig lora = lora_on(kAllModules);
  lora.rank_pattern = {{"layers.1.*proj", 3}, {"fc1", 5}};
  lora.alpha_pattern = {{"fc1", 2.0}};
  for (const char* name : {"opt_prenorm", "opt_postnorm_proj"}) {
    const GoldenOpt golden(name);
    PackedBatch batch;
    const auto data = made_up_data(3);
    for (std::size_t i = 0; i < data->size(); ++i) {
      batch.add(data->tokens(i), data->label_start(i));
    }
    const Adapter adapter = random_adapter(golden.base().shape(), lora);
    const std::vector<float> gradient = packed_loss(golden.base(), adapter, batch).gradient;
    for (std::size_t m = 0; m < adapter.layout->modules().size(); ++m) {
      for (const auto& [offset, size] :
           {std::pair(adapter.layout->a_offset(m), adapter.layout->a_size(m)),
            std::pair(adapter.layout->b_offset(m), adapter.layout->b_size(m))}) {
        // Along the gradient of this factor the loss must rise by its norm.
        const std::vector<float> part(
            gradient.begin() + static_cast<std::ptrdiff_t>(offset),
            gradient.begin() + static_cast<std::ptrdiff_t>(offset + size));
        const double norm = l2_norm(part);
        REQUIRE(norm > 0.0);
        const double reach = 0.002;
        double losses[2];
        for (int side = 0; side < 2; ++side) {
          Adapter moved = adapter;
          for (std::size_t i = 0; i < size; ++i) {
            moved.values[offset + i] +=
                static_cast<float>((side == 0 ? reach : -reach) * part[i] / norm);
          }
          losses[side] = packed_loss(golden.base(), moved, batch).loss;
        }
        CHECK((losses[0] - losses[1]) / (2.0 * reach) ==
              doctest::Approx(norm).epsilon(0.02).scale(0.0));
      }
    }
  }
}

TEST_CASE("with dropout-free LoRA on all modules, packed and padded gradients agree") {
  for (const char* name : {"opt_prenorm", "opt_postnorm_proj"}) {
    const GoldenOpt golden(name);
    const Adapter adapter = random_adapter(golden.base().shape(), lora_on(kAllModules));
    const LossAndGradient padded = padded_loss_of(golden.base(), adapter, golden.padded("right"));
    const LossAndGradient packed =
        packed_loss(golden.base(), adapter, unpad(golden.padded("right")).batch);
    CHECK(packed.loss == doctest::Approx(padded.loss).epsilon(1e-6).scale(0.0));
    CHECK(largest_relative_difference(*adapter.layout, packed.gradient, padded.gradient) <= 2e-5);
  }
}

TEST_CASE("a job is trained on exactly the tokens that were known before") {
  Bench bench;
  for (const std::int64_t steps : {0, 1, 7}) {
    bench.train.steps = steps;
    bench.train.epochs = 2;
    const auto trainer = bench.trainer();
    const TrainResult result = trainer->train(bench.job());
    CHECK(result.stats.tokens == trainer->size(bench.job()).tokens);
    CHECK(result.stats.examples == 12);
    if (steps > 0) CHECK(result.stats.steps == steps);
    if (steps == 0)
      CHECK(result.stats.tokens == 2 * count_tokens(*bench.data, *bench.job().examples));
  }
}

TEST_CASE("training lowers the loss") {
  Bench bench;
  bench.train.epochs = 15;
  const TrainResult result = bench.trainer()->train(bench.job());
  CHECK(result.stats.last_loss < 0.85 * std::log(512.0));
  CHECK(result.stats.last_loss < result.stats.loss);
  CHECK(result.stats.label_tokens > 0);
  CHECK(all_finite(result.adapter));
}

TEST_CASE("adapters of different ranks train in one trainer, whatever [lora] r says") {
  Bench bench;
  bench.lora.lora_dropout = 0.1;
  bench.lora.r = 3;  // nobody's
  bench.train.epochs = 2;
  const auto trainer = bench.trainer();
  const auto job_of_rank = [&](const Bench& from, std::uint32_t client) {
    LoraConfig own = from.lora;
    own.r = client % 2 == 0 ? 2 : 5;
    own.lora_alpha = client % 2 == 0 ? 4.0 : 20.0;
    own.use_rslora = client % 2 != 0;
    TrainJob job = from.job(client);
    job.start =
        std::make_shared<const Adapter>(random_adapter(from.golden.base().shape(), own, 0.05));
    return job;
  };
  std::vector<TrainResult> together(6);
  std::vector<std::thread> threads;
  for (std::uint32_t client = 0; client < together.size(); ++client) {
    threads.emplace_back([&, client] {
      configure_thread(1);
      together[client] = trainer->train(job_of_rank(bench, client));
    });
  }
  for (auto& thread : threads)
    thread.join();
  for (std::uint32_t client = 0; client < together.size(); ++client) {
    // Alone, in a trainer whose [lora] is the client's own.
    Bench own;
    const TrainJob job = job_of_rank(bench, client);
    own.lora.r = job.start->layout->modules()[0].rank;
    own.lora.lora_alpha = job.start->layout->modules()[0].alpha;
    own.lora.use_rslora = job.start->layout->modules()[0].use_rslora;
    own.lora.lora_dropout = 0.1;
    own.train.epochs = 2;
    const TrainResult alone = own.trainer()->train(job);
    CHECK(*together[client].adapter.layout == *job.start->layout);
    CHECK(together[client].adapter.values == alone.adapter.values);
    CHECK(together[client].stats.loss == alone.stats.loss);
    CHECK(together[client].adapter.values != job.start->values);
    // What it learned counts with the scale of its own rank: scored as the merged product says.
    const auto scorer = make_scorer(bench.golden.base_pointer(), bench.data, *job.examples, {});
    const auto score = [&](const Adapter& adapter) {
      return scorer->evaluate(std::make_shared<const Adapter>(adapter)).total.loss();
    };
    auto change = std::make_shared<BaseChange>();
    const Adapter& adapter = together[client].adapter;
    for (std::size_t m = 0; m < adapter.layout->modules().size(); ++m) {
      const LoraModule& module = adapter.layout->modules()[m];
      const double scale = client % 2 == 0 ? 4.0 / 2.0 : 20.0 / std::sqrt(5.0);
      change->modules.push_back(module);
      auto& delta = change->deltas.emplace_back();
      for (std::int64_t o = 0; o < module.out; ++o) {
        for (std::int64_t i = 0; i < module.in; ++i) {
          double sum = 0.0;
          for (std::int64_t r = 0; r < module.rank; ++r) {
            sum +=
                static_cast<double>(adapter.b(m)[static_cast<std::size_t>(o * module.rank + r)]) *
                static_cast<double>(adapter.a(m)[static_cast<std::size_t>(r * module.in + i)]);
          }
          delta.push_back(static_cast<float>(scale * sum));
        }
      }
    }
    Adapter dense{adapter.layout, std::vector<float>(adapter.values.size()), change};
    CHECK(score(adapter) == doctest::Approx(score(dense)).epsilon(1e-5));
  }
}

TEST_CASE("the same job gives the same bytes, also beside other jobs") {
  Bench bench;
  bench.lora.lora_dropout = 0.1;
  bench.train.epochs = 3;
  const auto trainer = bench.trainer();
  std::vector<std::vector<float>> alone;
  for (std::uint32_t client = 0; client < 4; ++client) {
    alone.push_back(trainer->train(bench.job(client)).adapter.values);
  }
  CHECK(trainer->train(bench.job(2)).adapter.values == alone[2]);
  CHECK(alone[0] != alone[1]);

  std::vector<std::vector<float>> together(4);
  std::vector<std::thread> threads;
  for (std::uint32_t client = 0; client < 4; ++client) {
    threads.emplace_back([&, client] {
      configure_thread(1);
      together[client] = trainer->train(bench.job(client)).adapter.values;
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(together == alone);
}

TEST_CASE("computing layers again changes nothing but the memory") {
  Bench bench;
  bench.lora.lora_dropout = 0.1;
  bench.train.epochs = 2;
  const auto kept = bench.trainer()->train(bench.job(1));
  bench.train.recompute = "layer";
  const auto again = bench.trainer()->train(bench.job(1));
  CHECK(again.adapter.values == kept.adapter.values);
  CHECK(again.stats.loss == kept.stats.loss);
  bench.train.recompute = "layers";
  CHECK_THROWS_AS(bench.trainer(), InputError);
}

TEST_CASE("packing matrices changes nothing but memory and speed") {
  Bench bench;
  const auto values_with = [&](const std::string& packing) {
    const BaseModelPtr base =
        BaseModel::load({golden_opt_folder("opt_prenorm") / "hf", "bfloat16", "none", packing});
    return make_lora_trainer(base, bench.data, bench.lora, bench.train)
        ->train(bench.job(1))
        .adapter.values;
  };
  CHECK(values_with("none") == values_with("all"));
  CHECK_THROWS_AS(values_with("some"), InputError);
}

TEST_CASE("dropout depends on run seed, client and seq, and only training uses it") {
  Bench bench;
  bench.train.steps = 1;
  bench.train.batch_size = 12;  // one batch of everything
  const TrainResult plain = bench.trainer()->train(bench.job());
  bench.lora.lora_dropout = 0.5;
  const auto trainer = bench.trainer();
  const TrainResult first = trainer->train(bench.job(0));
  TrainJob later = bench.job(0);
  later.seq = 4;
  CHECK(first.adapter.values != plain.adapter.values);
  CHECK(first.adapter.values == trainer->train(bench.job(0)).adapter.values);
  CHECK(first.adapter.values != trainer->train(later).adapter.values);
  const double off = std::abs(first.stats.loss - plain.stats.loss);
  CHECK(off > 0.0);
  CHECK(off < 0.5);  // scaled by 1 / (1 - p): the same on average
}

TEST_CASE("one step is the optimiser's step on the batch's gradient, clipped") {
  Bench bench;
  bench.train.steps = 1;
  bench.train.batch_size = 12;
  bench.train.optimizer = "sgd";
  bench.train.weight_decay = 0.0;
  bench.train.lr = 1.0;
  const TrainJob job = bench.job();
  const auto order =
      plan_batches(*bench.data, *job.examples, bench.train, job.run_seed, job.client, job.seq);
  std::vector<float> gradient =
      packed_loss(bench.golden.base(), *job.start, pack(*bench.data, order[0])).gradient;
  bench.train.max_grad_norm = 0.5 * l2_norm(gradient);
  const std::vector<float> result = bench.trainer()->train(job).adapter.values;
  std::vector<float> moved(result.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    moved[i] = job.start->values[i] - result[i];
    gradient[i] *= 0.5f;
  }
  CHECK(largest_relative_difference(*job.start->layout, moved, gradient) <= 1e-4);
}

TEST_CASE("the learning rate decays with the version that a job starts from") {
  Bench bench;
  bench.train.steps = 1;
  bench.train.optimizer = "sgd";
  bench.train.weight_decay = 0.0;
  TrainJob job = bench.job();
  job.version = 3;
  bench.train.lr = 0.8;
  bench.train.lr_decay = 0.5;
  const std::vector<float> decayed = bench.trainer()->train(job).adapter.values;
  bench.train.lr = 0.1;
  bench.train.lr_decay = 1.0;
  CHECK(bench.trainer()->train(job).adapter.values == decayed);
}

TEST_CASE("a job that is given up ends early") {
  Bench bench;
  bench.train.steps = 20'000;  // minutes
  TrainJob job = bench.job();
  const auto given_up = std::make_shared<std::atomic<bool>>(true);
  job.given_up = given_up;
  const TrainResult never_begun = bench.trainer()->train(job);
  CHECK(never_begun.stats.steps == 0);
  CHECK(never_begun.adapter.values == job.start->values);

  *given_up = false;
  std::thread other([given_up] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    *given_up = true;
  });
  CHECK(bench.trainer()->train(job).stats.steps < 20'000);
  other.join();

  bench.train.steps = 2;
  *given_up = false;
  CHECK(bench.trainer()->train(job).stats.steps == 2);
}

TEST_CASE("the learning rate falls over the steps of a job") {
  Bench bench;
  bench.train.steps = 2;
  bench.train.batch_size = 12;
  bench.train.optimizer = "sgd";
  bench.train.weight_decay = 0.0;
  bench.train.max_grad_norm = 0.0;
  const TrainJob job = bench.job();
  bench.train.lr_schedule = "linear";  // lr, then lr / 2
  const std::vector<float> result = bench.trainer()->train(job).adapter.values;
  Adapter adapter = *job.start;
  const auto plan =
      plan_batches(*bench.data, *job.examples, bench.train, job.run_seed, job.client, job.seq);
  for (std::size_t step = 0; step < 2; ++step) {
    const std::vector<float> gradient =
        packed_loss(bench.golden.base(), adapter, pack(*bench.data, plan[step])).gradient;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      adapter.values[i] -= static_cast<float>(step == 0 ? 1e-2 : 0.5e-2) * gradient[i];
    }
  }
  CHECK(distance(adapter.values, result) < 1e-4 * distance(result, job.start->values));
}

TEST_CASE("the larger prox_mu, the nearer the result stays to the start") {
  Bench bench;
  bench.train.epochs = 10;
  bench.train.optimizer = "sgd";
  bench.train.lr = 0.05;
  bench.train.max_grad_norm = 0.0;
  const TrainJob job = bench.job();
  double last = INFINITY;
  for (const double mu : {0.0, 1.0, 10.0}) {
    bench.train.prox_mu = mu;
    const double moved = distance(bench.trainer()->train(job).adapter.values, job.start->values);
    CHECK(moved > 0.0);
    CHECK(moved < 0.8 * last);
    last = moved;
  }
}

TEST_CASE("a client without examples or without labels gets back what it received") {
  Bench bench;
  TrainJob job = bench.job();
  job.examples = std::make_shared<const Indices>();
  const TrainResult nothing = bench.trainer()->train(job);
  CHECK(nothing.adapter.values == job.start->values);
  CHECK(nothing.stats.tokens == 0);
  CHECK(nothing.stats.loss == 0.0);

  auto unlabelled = std::make_shared<EncodedData>();
  unlabelled->add(std::vector<std::int32_t>{1, 2, 3}, 3, 3);
  bench.data = unlabelled;
  job = bench.job();
  const TrainResult unlearned = bench.trainer()->train(job);
  CHECK(unlearned.adapter.values == job.start->values);
  CHECK(unlearned.stats.tokens == bench.trainer()->size(job).tokens);
  CHECK(unlearned.stats.steps == 0);
  CHECK(unlearned.stats.label_tokens == 0);
}

TEST_CASE("a client may have a rank of its own") {
  Bench bench;
  TrainJob job = bench.job();
  LoraConfig small = bench.lora;
  small.r = 1;
  job.start = std::make_shared<const Adapter>(random_adapter(bench.golden.base().shape(), small));
  const TrainResult result = bench.trainer()->train(job);
  CHECK(*result.adapter.layout == *job.start->layout);
  CHECK(result.adapter.values != job.start->values);
}

TEST_CASE("impossible settings are refused before training") {
  Bench bench;
  bench.train.optimizer = "adamm";
  CHECK_THROWS_AS(bench.trainer(), InputError);
  bench.train.optimizer = "sgd";
  bench.train.lr_schedule = "step";
  CHECK_THROWS_AS(bench.trainer(), InputError);
  bench.train.lr_schedule = "constant";
  bench.lora.lora_dropout = 1.0;
  CHECK_THROWS_AS(bench.trainer(), InputError);
  bench.lora.lora_dropout = 0.0;
  bench.train.batch_tokens = 0;
  CHECK_THROWS_AS(bench.trainer(), InputError);
}

TEST_CASE("a bfloat16 base stays near the float32 one") {
  const GoldenOpt exact("opt_prenorm");
  const GoldenOpt rounded("opt_prenorm", "bfloat16");
  const Adapter adapter = exact.adapter("lora.init.");
  for (const char* batch : {"nopad", "right"}) {
    const PackedBatch packed = unpad(exact.padded(batch)).batch;
    const LossAndGradient a = packed_loss(exact.base(), adapter, packed);
    const LossAndGradient b = packed_loss(rounded.base(), adapter, packed);
    CHECK(b.loss != a.loss);
    CHECK(b.loss == doctest::Approx(a.loss).epsilon(0.01).scale(0.0));
    CHECK(distance(a.gradient, b.gradient) < 0.1 * l2_norm(a.gradient));
  }
}
