#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/run/calibration.hpp"
#include "bench/support/machine.hpp"
#include "bench/training/examples.hpp"
#include "bench/training/products.hpp"
#include "bench/training/task.hpp"
#include "model/adapter/lora_layout.hpp"
#include "model/adapter/starting_adapter.hpp"
#include "model/device/process.hpp"
#include "model/evaluation/generation.hpp"
#include "model/evaluation/scorer.hpp"
#include "model/network/base_model.hpp"
#include "model/network/family.hpp"
#include "model/network/flops.hpp"
#include "model/training/lora_trainer.hpp"
#include "partition/support/error.hpp"
#include "partition/support/random.hpp"
#include "tests/support/test_device.hpp"

namespace lorafleet::bench {
namespace {

using nlohmann::json;

constexpr std::size_t kPrompts = 16;
constexpr std::size_t kPromptTokens = 64;
constexpr std::int64_t kNewTokens = 32;

/// r = 8 on what makes queries and values.
model::LoraConfig lora_of(const model::ModelShape& shape) {
  model::LoraConfig lora;
  lora.target_modules.clear();
  for (const model::LinearShape& linear : shape.layer_linears) {
    using enum model::LinearRole;
    if (linear.role == query || linear.role == value || linear.role == query_key_value) {
      lora.target_modules.push_back(linear.target());
    }
  }
  return lora;
}

model::AdapterPtr first_adapter_of(const model::ModelShape& shape) {
  const auto lora = lora_of(shape);
  return std::make_shared<const model::Adapter>(
      model::starting_adapter(model::make_layout(shape, lora), shape, lora, {}, 1));
}

/// Useful ones of a token's training; evaluation needs half of them.
double flops_per_token(const model::ModelShape& shape, double label_share) {
  const double head =
      4.0 * static_cast<double>(shape.embedding) * static_cast<double>(shape.vocabulary);
  return model::train_flops_per_token(shape) - (1.0 - label_share) * head;
}

/// A client's job.
model::TrainJob job_on(Indices examples, const model::AdapterPtr& start) {
  model::TrainJob job;
  job.run_seed = 1;
  job.start = start;
  job.examples = std::make_shared<const Indices>(std::move(examples));
  return job;
}

std::unique_ptr<model::Trainer> trainer_on(const model::BaseModelPtr& base,
                                           model::EncodedDataPtr data) {
  model::TrainConfig train;
  train.batch_size = kStepExamples;
  train.batch_tokens = 1 << 20;  // a step is one pass
  train.base_dropout = "none";
  return model::make_lora_trainer(base, std::move(data), lora_of(base->shape()), train);
}

json measure_training(const Task& task, const model::BaseModelPtr& base) {
  const auto lengths = lengths_of(task.data, task.lengths);
  const auto trainer = trainer_on(base, random_examples(base->shape(), lengths));
  const auto start = first_adapter_of(base->shape());
  std::vector<model::TrainJob> jobs;
  for (Indices& examples : in_groups(lengths.size(), kStepExamples))
    jobs.push_back(job_on(std::move(examples), start));
  const actors::CalibrationSetting setting{task.slots, task.threads};
  const auto speed =
      actors::summarise_speed(setting, actors::time_jobs(*trainer, jobs, setting, task.seconds));
  return {{"tokens_per_second", speed.total_tokens_per_second},
          {"flops_per_token", flops_per_token(base->shape(), label_share(lengths))}};
}

/// Of `once`, which gives the tokens that it served: once to warm up, then until the time is over.
double tokens_per_second(double seconds, const std::function<std::int64_t()>& once) {
  using Clock = std::chrono::steady_clock;
  once();
  const auto start = Clock::now();
  for (std::int64_t tokens = 0;;) {
    tokens += once();
    const double passed = std::chrono::duration<double>(Clock::now() - start).count();
    if (passed >= seconds) return static_cast<double>(tokens) / passed;
  }
}

json measure_evaluation(const Task& task, const model::BaseModelPtr& base) {
  const auto lengths = lengths_of(task.data, task.lengths);
  const auto data = random_examples(base->shape(), lengths);
  const auto adapter = first_adapter_of(base->shape());
  const auto batches = in_groups(lengths.size(), 2 * kStepExamples);
  std::size_t turn = 0;
  const auto once = [&] {
    const Indices& examples = batches[turn++ % batches.size()];
    model::make_scorer(base, data, examples, {})->evaluate(adapter);
    std::int64_t tokens = 0;
    for (const std::uint32_t example : examples)
      tokens += static_cast<std::int64_t>(lengths[example].tokens);
    return tokens;
  };
  return {{"tokens_per_second", tokens_per_second(task.seconds, once)},
          {"flops_per_token", flops_per_token(base->shape(), label_share(lengths)) / 2.0}};
}

json measure_generation(const Task& task, const model::BaseModelPtr& base) {
  Random random(7, Purpose::sample);
  const auto vocabulary = static_cast<std::uint64_t>(base->shape().vocabulary);
  std::vector<std::vector<std::int64_t>> prompts(kPrompts);
  for (auto& prompt : prompts) {
    for (std::size_t i = 0; i < kPromptTokens; ++i)
      prompt.push_back(static_cast<std::int64_t>(random.below(vocabulary)));
  }
  model::GenerationConfig config;
  config.max_new_tokens = kNewTokens;
  const auto adapter = first_adapter_of(base->shape());
  const auto once = [&] {
    std::int64_t tokens = 0;
    for (const auto& text : model::generate(*base, adapter, prompts, config))
      tokens += static_cast<std::int64_t>(text.tokens.size());
    return tokens;
  };
  return {{"tokens_per_second", tokens_per_second(task.seconds, once)}};
}

/// Clients with 8 short examples each of their own train one after the other, and all updates are
/// kept, as an aggregator keeps those that it has not folded yet. What a step needs is there after
/// the first clients, so the next ones show what each of them adds.
json measure_clients(const model::BaseModelPtr& base) {
  constexpr std::size_t kFew = 8;
  constexpr std::size_t kMany = 40;
  const std::vector<ExampleLength> lengths(kStepExamples, {16, 4});
  const auto start = first_adapter_of(base->shape());
  struct Client {
    model::EncodedDataPtr data;
    std::unique_ptr<model::Trainer> trainer;
    model::TrainResult update;
  };
  std::vector<Client> clients;
  clients.reserve(kMany);
  std::int64_t after_few = 0;
  while (clients.size() < kMany) {
    if (clients.size() == kFew) after_few = resident_bytes();
    Client client;
    client.data = random_examples(base->shape(), lengths);
    client.trainer = trainer_on(base, client.data);
    client.update =
        client.trainer->train(job_on(in_groups(kStepExamples, kStepExamples).front(), start));
    clients.push_back(std::move(client));
  }
  const std::int64_t added = resident_bytes() - after_few;
  return {{"client_bytes", added / static_cast<std::int64_t>(kMany - kFew)}};
}

json measure_work(const Task& task) {
  if (task.work == "products") {
    const auto shape = model::read_shape(std::filesystem::path(task.base) / "config.json");
    const double labels = static_cast<double>(kDenseLabels) / static_cast<double>(kDenseTokens);
    return measure_products(shape, task.dtype, labels, task.seconds);
  }
  const auto base =
      model::BaseModel::load({task.base, task.dtype, "none", task.packing}, tests::bench_device());
  if (task.work == "train") return measure_training(task, base);
  if (task.work == "evaluate") return measure_evaluation(task, base);
  if (task.work == "generate") return measure_generation(task, base);
  if (task.work == "clients") return measure_clients(base);
  throw InputError("--task", "\"" + task.work + "\" is no work");
}

}  // namespace

json measure(const Task& task) {
  model::configure_process();
  model::configure_thread(task.threads);
  const Others others;
  json result = measure_work(task);
  result["others"] = others.share();
  result["peak_bytes"] = peak_bytes();
  return result;
}

}  // namespace lorafleet::bench
