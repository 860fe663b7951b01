#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/training/lora_trainer.hpp"
#include "model/training/optimizer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/random.hpp"
#include "tests/model/golden_classifier.hpp"
#include "tests/model/golden_family.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/network/scarce_memory.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/support/test_device.hpp"

// Jobs that share passes, against the same jobs alone: by the host's kernels, where each goes by
// itself, and by the operators of any device, where rows of several go through one product.

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

constexpr std::size_t kJobs = 6;

std::shared_ptr<const EncodedData> made_up_data(const ModelShape& shape) {
  Random random(8, Purpose::sample);
  auto data = std::make_shared<EncodedData>();
  const auto longest = static_cast<std::uint64_t>(std::min<std::int64_t>(40, shape.positions));
  for (std::size_t i = 0; i < 10 * kJobs; ++i) {
    std::vector<std::int32_t> tokens(2 + random.below(longest - 1));
    for (auto& token : tokens)
      token = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(shape.vocabulary)));
    if (shape.classifier) {
      const auto labels = static_cast<std::uint64_t>(shape.classifier->labels);
      data->add_class(tokens, static_cast<std::int32_t>(random.below(labels)), 0);
      continue;
    }
    // Some have no label at all.
    const std::size_t labels_from = i % 7 == 3 ? tokens.size() : tokens.size() / 2;
    data->add(tokens, labels_from, labels_from);
  }
  return data;
}

/// Jobs of different ranks, amounts of data and starting points.
struct Jobs {
  BaseModelPtr base;
  LoraConfig lora;
  TrainConfig train;
  std::shared_ptr<const EncodedData> data;
  std::vector<TrainJob> jobs;

  Jobs(BaseModelPtr with, double dropout) : base(std::move(with)) {
    lora = lora_on(base->shape().targets());
    lora.lora_dropout = dropout;
    train.batch_tokens = 64;
    train.batch_size = 5;  // steps of several passes
    train.lr = 1e-2;
    train.epochs = 2;
    train.base_dropout = dropout > 0.0 ? "config" : "none";
    data = made_up_data(base->shape());
    for (std::uint32_t client = 0; client < kJobs; ++client) {
      LoraConfig own = lora;
      own.r = 1 + client % 3;
      if (client == 3) own.target_modules.resize(1);
      Indices examples(4 + client % 4 * 2);
      std::iota(examples.begin(), examples.end(), 10 * client);
      TrainJob job;
      job.client = client;
      job.seq = client % 2;
      job.run_seed = 42;
      job.start = std::make_shared<const Adapter>(random_adapter(base->shape(), own, 0.05));
      job.examples = std::make_shared<const Indices>(examples);
      job.trains = client == 4 ? Factors::b : Factors::both;
      jobs.push_back(job);
    }
  }
  [[nodiscard]] std::unique_ptr<Trainer> trainer(
      std::function<void(const std::string&)> warning = {}) const {
    return make_lora_trainer(std::vector{base}, data, lora, train, {}, std::move(warning));
  }
};

struct Warnings {
  std::vector<std::string> lines;
  [[nodiscard]] std::function<void(const std::string&)> listener() {
    return [this](const std::string& line) { lines.push_back(line); };
  }
};

/// What ended in the next pass, by ticket.
std::map<std::uint64_t, Cohort::Ended> next_ended(Cohort& cohort) {
  std::map<std::uint64_t, Cohort::Ended> ended;
  for (Cohort::Ended& own : cohort.advance())
    ended.emplace(own.ticket, std::move(own));
  return ended;
}

bool same(const TrainResult& a, const TrainResult& b) {
  return a.adapter.values == b.adapter.values && a.stats.loss == b.stats.loss &&
         a.stats.last_loss == b.stats.last_loss && a.stats.tokens == b.stats.tokens &&
         a.stats.label_tokens == b.stats.label_tokens && a.stats.steps == b.stats.steps;
}

std::vector<TrainResult> alone(const Jobs& jobs) {
  std::vector<TrainResult> results;
  const auto trainer = jobs.trainer();
  for (const TrainJob& job : jobs.jobs)
    results.push_back(trainer->train(job));
  return results;
}

/// By client; job `order[i]` comes before pass `times[i]`.
std::map<std::uint64_t, TrainResult> together(const Trainer& trainer, const Jobs& jobs,
                                              const std::vector<std::size_t>& order,
                                              const std::vector<int>& times) {
  std::map<std::uint64_t, TrainResult> results;
  const auto cohort = trainer.cohort(0);
  std::size_t next = 0;
  for (int pass = 0; results.size() < order.size(); ++pass) {
    for (; next < order.size() && times[next] <= pass; ++next)
      cohort->add(order[next], jobs.jobs[order[next]]);
    for (Cohort::Ended& ended : cohort->advance()) {
      REQUIRE(ended.failure == nullptr);
      CHECK(results.emplace(ended.ticket, std::move(ended.result)).second);
    }
    REQUIRE(pass < 1000);
  }
  return results;
}

void check_bytes(const Jobs& jobs) {
  const std::vector<TrainResult> expected = alone(jobs);
  const auto trainer = jobs.trainer();
  const std::vector<std::pair<std::vector<std::size_t>, std::vector<int>>> ways = {
      {{0, 1, 2, 3, 4, 5}, {0, 0, 0, 0, 0, 0}},
      {{5, 2, 4, 0, 3, 1}, {0, 0, 1, 1, 3, 4}},
      {{3, 1}, {0, 0}},
      {{2, 4, 5}, {0, 2, 2}}};
  for (const auto& [order, times] : ways) {
    CAPTURE(order.size());
    for (const auto& [client, result] : together(*trainer, jobs, order, times)) {
      CAPTURE(client);
      CHECK(same(result, expected[client]));
      CHECK(result.adapter.values != jobs.jobs[client].start->values);
    }
  }
}

/// Two of OPT's, of the other families all of them or each `nth`, and classifiers.
std::vector<BaseModelPtr> bases(const std::string& dtype, std::size_t nth = 1,
                                const std::string& quantization = "none") {
  std::vector<BaseModelPtr> all;
  const auto add = [&](const std::filesystem::path& folder) {
    all.push_back(BaseModel::load({folder, dtype, quantization}, test_device()));
  };
  for (const char* name : {"opt_prenorm", "opt_postnorm_proj"})
    add(golden_opt_folder(name) / "hf");
  const std::vector<std::string> families = golden_families();
  for (std::size_t i = 0; i < families.size(); i += nth)
    add(golden_folder() / "families" / families[i] / "hf");
  for (const std::string& name : golden_classifiers())
    add(golden_classifier_folder(name) / "hf");
  return all;
}

}  // namespace

TEST_CASE("a job's bytes do not depend on its companions, by the host's kernels") {
  for (const auto& base : bases("float32", 5))
    check_bytes(Jobs(base, 0.1));
}

TEST_CASE("a job's bytes do not depend on its companions, by operators of any device") {
  const HostKernelsOff as_on_a_gpu;
  for (const auto& base : bases("float32"))
    check_bytes(Jobs(base, 0.1));
  check_bytes(Jobs(bases("float32", 100).front(), 0.0));
}

TEST_CASE("a job's bytes do not depend on its companions, in bfloat16") {
  const HostKernelsOff as_on_a_gpu;
  for (const auto& base : bases("bfloat16", 3))
    check_bytes(Jobs(base, 0.1));
}

TEST_CASE("a job's bytes do not depend on its companions on a quantised base") {
  for (const bool off : {false, true}) {
    std::optional<HostKernelsOff> as_on_a_gpu;
    if (off) as_on_a_gpu.emplace();
    for (const auto& base : bases("float32", 6, "nf4"))
      check_bytes(Jobs(base, 0.1));
    for (const auto& base : bases("bfloat16", 9, "int8"))
      check_bytes(Jobs(base, 0.1));
  }
}

TEST_CASE(
    "jobs that share passes and compute layers again have the bytes of those that keep them") {
  const HostKernelsOff as_on_a_gpu;
  for (const auto& base : bases("float32", 4)) {
    Jobs jobs(base, 0.1);
    const std::vector<TrainResult> kept = alone(jobs);
    jobs.train.recompute = "layer";
    const auto trainer = jobs.trainer();
    for (const auto& [client, result] :
         together(*trainer, jobs, {5, 2, 4, 0, 3, 1}, {0, 0, 1, 1, 3, 4}))
      CHECK(same(result, kept[client]));
  }
}

TEST_CASE("computing layers again takes less memory") {
  const HostKernelsOff as_on_a_gpu;
  Jobs jobs(BaseModel::load({golden_opt_folder("opt_prenorm") / "hf", "float32"}), 0.1);
  const auto most_alive = [&](const std::string& recompute) {
    jobs.train.recompute = recompute;
    const ScarceMemory memory(SIZE_MAX);
    alone(jobs);
    return memory.most_alive();
  };
  const std::size_t kept = most_alive("none");
  CHECK(most_alive("layer") < kept);
}

TEST_CASE("a job's bytes do not depend on its companions where rows fill whole tiles") {
  const HostKernelsOff as_on_a_gpu;
  Jobs jobs(BaseModel::load({golden_opt_folder("opt_prenorm") / "hf", "float32"}, test_device()),
            0.0);
  Random random(9, Purpose::sample);
  auto data = std::make_shared<EncodedData>();
  for (std::size_t i = 0; i < 10 * kJobs; ++i) {
    std::vector<std::int32_t> tokens(16);
    for (auto& token : tokens)
      token = static_cast<std::int32_t>(random.below(64));
    data->add(tokens, 1, 1);
  }
  jobs.data = data;
  jobs.train.batch_size = 4;
  for (std::uint32_t client = 0; client < kJobs; ++client) {
    Indices examples(8);
    std::iota(examples.begin(), examples.end(), 10 * client);
    jobs.jobs[client].examples = std::make_shared<const Indices>(examples);
    jobs.jobs[client].start =
        std::make_shared<const Adapter>(random_adapter(jobs.base->shape(), jobs.lora, 0.05));
  }
  check_bytes(jobs);
}

TEST_CASE("without the host's kernels jobs learn the same") {
  for (const auto& base : bases("float32")) {
    const Jobs jobs(base, 0.1);
    const std::vector<TrainResult> host = alone(jobs);
    const HostKernelsOff as_on_a_gpu;
    const std::vector<TrainResult> aten = alone(jobs);
    for (std::size_t i = 0; i < kJobs; ++i) {
      CHECK(aten[i].stats.loss == doctest::Approx(host[i].stats.loss).epsilon(1e-5));
      CHECK(aten[i].stats.steps == host[i].stats.steps);
    }
  }
}

TEST_CASE("every optimiser, FedProx, clipping and the penalty on ranks work on a device") {
  for (const std::string& optimizer : optimizers().names()) {
    Jobs jobs(BaseModel::load({golden_opt_folder("opt_prenorm") / "hf", "float32"}, test_device()),
              0.0);
    jobs.jobs.erase(jobs.jobs.begin() + 4);  // the penalty needs both factors
    jobs.train.optimizer = optimizer;
    jobs.train.momentum = 0.9;
    jobs.train.weight_decay = 0.01;
    jobs.train.prox_mu = 0.5;
    jobs.train.max_grad_norm = 0.2;
    jobs.train.lr = optimizer == "sgd" ? 0.1 : 1e-2;
    jobs.train.epsilon = 1e-3;  // AdamW's first step is a sign otherwise, which rounding may turn
    const auto penalised = [&] {
      return make_lora_trainer(jobs.base, jobs.data, jobs.lora, jobs.train, {0.1, 0.5});
    };
    std::vector<TrainResult> host;
    for (const TrainJob& job : jobs.jobs)
      host.push_back(penalised()->train(job));
    const HostKernelsOff as_on_a_gpu;
    for (std::size_t i = 0; i < jobs.jobs.size(); ++i) {
      const TrainResult aten = penalised()->train(jobs.jobs[i]);
      CHECK(largest_difference(aten.adapter.values, host[i].adapter.values) <= 1e-5);
      CHECK(largest_difference(aten.adapter.values, jobs.jobs[i].start->values) > 1e-3);
    }
  }
}

TEST_CASE("where memory does not suffice for all, they go in parts, with the same bytes") {
  const HostKernelsOff as_on_a_gpu;
  const Jobs jobs(BaseModel::load({golden_opt_folder("opt_prenorm") / "hf", "float32"}), 0.1);
  std::vector<TrainResult> expected;
  std::size_t enough = 0;
  {
    const ScarceMemory memory(SIZE_MAX);
    expected = alone(jobs);
    enough = memory.largest();
  }
  Warnings warnings;
  const auto trainer = jobs.trainer(warnings.listener());
  const ScarceMemory memory(enough);  // for any of them, not for all
  const auto cohort = trainer->cohort(2);
  for (std::size_t i = 0; i < kJobs; ++i)
    cohort->add(i, jobs.jobs[i]);
  std::map<std::uint64_t, Cohort::Ended> ended = next_ended(*cohort);
  const int refusals = memory.refusals();
  CHECK(refusals > 0);
  for (int pass = 0; ended.size() < kJobs && pass < 1000; ++pass)
    ended.merge(next_ended(*cohort));
  REQUIRE(ended.size() == kJobs);
  CHECK(memory.refusals() == refusals);  // what is too much is known
  for (const auto& [client, own] : ended) {
    REQUIRE(own.failure == nullptr);
    CHECK(same(own.result, expected[client]));
  }
  REQUIRE(warnings.lines.size() == 1);
  const std::string& line = warnings.lines.front();
  CAPTURE(line);
  CHECK(line.starts_with("slot 2: cpu has no memory for a pass of 6 jobs with "));
  CHECK(line.find(" tokens: it goes on with up to ") != std::string::npos);
  CHECK(
      line.ends_with(" tokens a pass, or one job's at a time, with the same results; a lower "
                     "train.batch_tokens or slots.cohort, or train.recompute = \"layer\", "
                     "needs less"));
}

TEST_CASE("where memory does not suffice for all jobs' weights, some begin later") {
  const HostKernelsOff as_on_a_gpu;
  Jobs jobs(BaseModel::load({golden_opt_folder("opt_prenorm") / "hf", "float32"}), 0.1);
  jobs.train.recompute = "layer";
  std::vector<TrainResult> expected;
  std::size_t most = 0;
  for (const TrainJob& job : jobs.jobs) {
    const ScarceMemory memory(SIZE_MAX);
    expected.push_back(jobs.trainer()->train(job));
    most = std::max(most, memory.most_alive());
  }
  Warnings warnings;
  const auto trainer = jobs.trainer(warnings.listener());
  for (const std::size_t in_all : {most, most + most / 8}) {
    const ScarceMemory memory(SIZE_MAX, in_all);
    for (const auto& [client, result] :
         together(*trainer, jobs, {5, 2, 4, 0, 3, 1}, {0, 0, 0, 0, 1, 2}))
      CHECK(same(result, expected[client]));
    CHECK(memory.refusals() > 0);
    CHECK(memory.refusals() < 12);
  }
  REQUIRE(warnings.lines.size() == 2);
  CHECK(warnings.lines.front().find("recompute") == std::string::npos);
}

TEST_CASE("whatever there is no memory for, once, a job has the bytes that it would have had") {
  const HostKernelsOff as_on_a_gpu;
  const Jobs jobs(BaseModel::load({golden_opt_folder("opt_prenorm") / "hf", "float32"}), 0.1);
  const std::vector<TrainResult> expected = alone(jobs);
  std::int64_t requests = 0;
  {
    const ScarceMemory memory(SIZE_MAX);
    together(*jobs.trainer(), jobs, {0, 1, 2, 3, 4, 5}, {0, 0, 0, 0, 0, 0});
    requests = memory.requests();
  }
  int waited = 0;
  constexpr std::int64_t kTries = 80;
  for (std::int64_t i = 0; i < kTries; ++i) {
    CAPTURE(i);
    Warnings warnings;
    const auto trainer = jobs.trainer(warnings.listener());
    ScarceMemory memory(SIZE_MAX);
    memory.refuse(i * requests / kTries);
    const auto cohort = trainer->cohort(0);
    for (std::size_t job = 0; job < kJobs; ++job)
      cohort->add(job, jobs.jobs[job]);
    std::map<std::uint64_t, Cohort::Ended> ended;
    for (int pass = 0; ended.size() < kJobs && pass < 1000; ++pass)
      ended.merge(next_ended(*cohort));
    REQUIRE(ended.size() == kJobs);
    for (const auto& [client, own] : ended) {
      REQUIRE(own.failure == nullptr);
      CHECK(same(own.result, expected[client]));
    }
    REQUIRE(memory.refusals() == 1);
    for (const std::string& line : warnings.lines)
      waited += line.find("no memory for one of its jobs: it goes on with up to 3 jobs at a") !=
                std::string::npos;
  }
  CHECK(waited > 0);
}

TEST_CASE("where memory does not suffice for one job, it ends with what would help") {
  const HostKernelsOff as_on_a_gpu;
  const Jobs jobs(BaseModel::load({golden_opt_folder("opt_prenorm") / "hf", "float32"}), 0.0);
  const auto trainer = jobs.trainer();
  const auto cohort = trainer->cohort(0);
  cohort->add(3, jobs.jobs[3]);
  const ScarceMemory memory(64 * 64);
  CHECK(cohort->advance().empty());  // something else may have it
  const auto ended = cohort->advance();
  REQUIRE(ended.size() == 1);
  CHECK_THROWS_WITH_AS(std::rethrow_exception(ended.front().failure),
                       doctest::Contains("a lower train.batch_tokens"), RuntimeFailure);
}

TEST_CASE("a job that there is no memory for ends alone, and those beside it go on") {
  const HostKernelsOff as_on_a_gpu;
  Jobs jobs(BaseModel::load({golden_opt_folder("opt_prenorm") / "hf", "float32"}), 0.1);
  Random random(10, Purpose::sample);
  auto data = std::make_shared<EncodedData>();
  for (std::size_t i = 0; i < 10 * kJobs; ++i) {
    std::vector<std::int32_t> tokens(i < 10 ? 40 : 12);
    for (auto& token : tokens)
      token = static_cast<std::int32_t>(random.below(64));
    data->add(tokens, 1, 1);
  }
  jobs.data = data;
  jobs.train.batch_tokens = 80;  // two long examples in a pass of job 0
  jobs.train.batch_size = 2;
  std::vector<TrainResult> expected(1);
  std::size_t enough = 0;
  for (std::size_t i = 1; i < kJobs; ++i) {
    const ScarceMemory memory(SIZE_MAX);
    expected.push_back(jobs.trainer()->train(jobs.jobs[i]));
    enough = std::max(enough, memory.largest());
  }
  const auto trainer = jobs.trainer();
  const auto cohort = trainer->cohort(0);
  const ScarceMemory memory(enough);
  for (const std::size_t i : {1, 0, 2, 3, 4, 5})
    cohort->add(i, jobs.jobs[i]);
  std::map<std::uint64_t, Cohort::Ended> ended;
  for (int pass = 0; ended.size() < kJobs && pass < 1000; ++pass)
    ended.merge(next_ended(*cohort));
  REQUIRE(ended.size() == kJobs);
  CHECK_THROWS_WITH_AS(std::rethrow_exception(ended.at(0).failure),
                       doctest::Contains("no memory for a pass of 80 tokens"), RuntimeFailure);
  for (std::size_t i = 1; i < kJobs; ++i) {
    REQUIRE(ended.at(i).failure == nullptr);
    CHECK(same(ended.at(i).result, expected[i]));
  }
}

TEST_CASE("slots have the bases in turn, and a job the bytes of the one that it gets") {
  const auto folder = golden_opt_folder("opt_prenorm") / "hf";
  const std::vector<BaseModelPtr> unlike = {BaseModel::load({folder, "float32"}, test_device()),
                                            BaseModel::load({folder, "bfloat16"}, test_device())};
  const Jobs wide(unlike[0], 0.1), narrow(unlike[1], 0.1);
  const TrainJob& job = wide.jobs[2];
  const TrainResult expected[] = {wide.trainer()->train(job), narrow.trainer()->train(job)};
  REQUIRE_FALSE(same(expected[0], expected[1]));
  const auto trainer = make_lora_trainer(unlike, wide.data, wide.lora, wide.train);
  for (std::size_t slot = 0; slot < 5; ++slot) {
    CAPTURE(slot);
    CHECK(same(train_alone(*trainer->cohort(slot), job), expected[slot % 2]));
  }
  CHECK(same(trainer->train(job), expected[0]));

  const auto alike = load_bases({folder, "float32"}, {test_device(), test_device()});
  REQUIRE(alike.size() == 2);
  CHECK(alike[0] != alike[1]);
  const auto any = make_lora_trainer(alike, wide.data, wide.lora, wide.train);
  CHECK(same(train_alone(*any->cohort(1), job), expected[0]));
}

TEST_CASE("a job that is given up leaves the others as they are; one that fails ends alone") {
  for (const bool off : {false, true}) {
    std::optional<HostKernelsOff> as_on_a_gpu;
    if (off) as_on_a_gpu.emplace();
    const Jobs jobs(
        BaseModel::load({golden_opt_folder("opt_prenorm") / "hf", "float32"}, test_device()), 0.1);
    const std::vector<TrainResult> expected = alone(jobs);
    const auto trainer = jobs.trainer();
    const auto cohort = trainer->cohort(0);
    const auto given_up = std::make_shared<std::atomic<bool>>(false);
    TrainJob leaving = jobs.jobs[5];
    leaving.given_up = given_up;
    TrainJob wrong = jobs.jobs[1];
    auto layout = jobs.lora;
    layout.target_modules = {"q_proj"};
    Adapter foreign = random_adapter(jobs.base->shape(), layout);
    auto modules = foreign.layout->modules();
    modules[0].name = "somewhere.else";
    foreign.layout = std::make_shared<const AdapterLayout>(modules);
    wrong.start = std::make_shared<const Adapter>(foreign);
    cohort->add(0, jobs.jobs[0]);
    cohort->add(5, leaving);
    cohort->add(1, wrong);
    cohort->add(2, jobs.jobs[2]);
    std::map<std::uint64_t, Cohort::Ended> ended;
    for (int pass = 0; ended.size() < 4 && pass < 1000; ++pass) {
      *given_up = pass == 2;
      for (Cohort::Ended& own : cohort->advance())
        ended.emplace(own.ticket, std::move(own));
    }
    REQUIRE(ended.size() == 4);
    CHECK(ended.at(1).failure != nullptr);
    CHECK(ended.at(5).failure == nullptr);
    CHECK(ended.at(5).result.stats.steps < expected[5].stats.steps);
    for (const std::uint64_t client : {0, 2})
      CHECK(same(ended.at(client).result, expected[client]));
    CHECK(cohort->advance().empty());
  }
}
