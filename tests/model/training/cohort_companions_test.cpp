#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "model/training/lora_trainer.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/random.hpp"
#include "tests/model/golden_family.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/support/test_device.hpp"

// A GPU's slot as it is by itself: sixteen jobs, of which each must have the bytes that it has
// alone.

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

constexpr std::size_t kSixteen = 16;

/// Jobs of different lengths, ranks, versions and starting points.
struct SixteenJobs {
  BaseModelPtr base;
  LoraConfig lora;
  TrainConfig train;
  RankPenalty penalty;
  EncodedDataPtr data;
  std::vector<TrainJob> jobs;

  explicit SixteenJobs(BaseModelPtr with)
      : base(std::move(with)), lora(lora_on(base->shape().targets())), data(some_data()) {
    lora.lora_dropout = 0.1;
    train.batch_tokens = 30;
    train.lr = 1e-2;
    train.base_dropout = "none";
    for (std::uint32_t client = 0; client < kSixteen; ++client) {
      LoraConfig own = lora;
      own.r = 1 + client % 3;
      Indices examples(2 + client % 3);
      std::iota(examples.begin(), examples.end(), 6 * client);
      TrainJob job;
      job.client = client;
      job.seq = 1 + client % 2;
      job.run_seed = 42;
      job.version = client % 4;
      job.start = std::make_shared<const Adapter>(
          random_adapter(base->shape(), own, 0.05 + 0.001 * client));
      job.examples = std::make_shared<const Indices>(examples);
      jobs.push_back(job);
    }
  }

  [[nodiscard]] std::unique_ptr<Trainer> trainer() const {
    return make_lora_trainer(base, data, lora, train, penalty);
  }

  [[nodiscard]] std::vector<TrainResult> alone() const {
    std::vector<TrainResult> results;
    const auto own = trainer();
    for (const TrainJob& job : jobs)
      results.push_back(own->train(job));
    return results;
  }

  /// By client; of `order` so many join before each pass.
  [[nodiscard]] std::map<std::uint64_t, TrainResult> together(const std::vector<std::size_t>& order,
                                                              std::size_t joining) const {
    std::map<std::uint64_t, TrainResult> results;
    const auto own = trainer();
    const auto cohort = own->cohort(0);
    std::size_t next = 0;
    for (int pass = 0; results.size() < order.size(); ++pass) {
      for (std::size_t i = 0; i < joining && next < order.size(); ++i, ++next)
        cohort->add(order[next], jobs[order[next]]);
      for (Cohort::Ended& ended : cohort->advance()) {
        REQUIRE(ended.failure == nullptr);
        results.emplace(ended.ticket, std::move(ended.result));
      }
      REQUIRE(pass < 1000);
    }
    return results;
  }

  void check_companions() const {
    const std::vector<TrainResult> expected = alone();
    const auto check = [&](const std::vector<std::size_t>& order, std::size_t joining) {
      CAPTURE(order.front());
      CAPTURE(order.size());
      CAPTURE(joining);
      const auto results = together(order, joining);
      CHECK(results.size() == order.size());
      for (const auto& [client, result] : results) {
        CAPTURE(client);
        CHECK(result.adapter.values == expected[client].adapter.values);
        CHECK(result.stats.loss == expected[client].stats.loss);
        CHECK(result.stats.last_loss == expected[client].stats.last_loss);
        CHECK(result.stats.steps == expected[client].stats.steps);
        CHECK(result.adapter.values != jobs[client].start->values);
      }
    };
    std::vector<std::size_t> all(kSixteen);
    std::iota(all.begin(), all.end(), 0);
    for (std::size_t first = 0; first < kSixteen; first += 4)
      check({first, first + 1, first + 2, first + 3}, 4);
    check({15, 11, 7, 3}, 4);
    check({12, 8, 4, 0}, 4);
    check(all, kSixteen);
    std::reverse(all.begin(), all.end());
    check(all, kSixteen);
    check(all, 3);
  }

 private:
  static EncodedDataPtr some_data() {
    Random random(12, Purpose::sample);
    auto data = std::make_shared<EncodedData>();
    for (std::size_t i = 0; i < 6 * kSixteen; ++i) {
      std::vector<std::int32_t> tokens(3 + random.below(22));
      for (auto& token : tokens)
        token = static_cast<std::int32_t>(random.below(64));
      data->add(tokens, tokens.size() / 2, tokens.size() / 2);
    }
    return data;
  }
};

BaseModelPtr small_opt() {
  return BaseModel::load({golden_opt_folder("opt_prenorm") / "hf", "float32"}, test_device());
}

}  // namespace

TEST_CASE("a job alone, among 4 and among 16, in either order, has the same bytes") {
  const HostKernelsOff as_on_a_gpu;
  SixteenJobs(small_opt()).check_companions();
  const auto llama = golden_folder() / "families" / "llama" / "gqa" / "hf";
  SixteenJobs(BaseModel::load({llama, "bfloat16"}, test_device())).check_companions();
}

TEST_CASE("so it has with FedProx, momentum, schedules by step and version, and a rank penalty") {
  const HostKernelsOff as_on_a_gpu;
  SixteenJobs jobs(small_opt());
  jobs.train.prox_mu = 0.5;
  jobs.train.optimizer = "sgd";
  jobs.train.momentum = 0.9;
  jobs.train.lr = 0.1;
  jobs.train.lr_schedule = "cosine";
  jobs.train.lr_decay = 0.8;
  jobs.train.max_grad_norm = 0.3;
  jobs.train.weight_decay = 0.01;
  jobs.lora.lora_dropout = 0.4;
  jobs.penalty = {0.1, 0.5};
  jobs.check_companions();
}
