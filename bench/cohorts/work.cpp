#include "bench/cohorts/work.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <memory>
#include <utility>

#include "model/adapter/lora_layout.hpp"
#include "model/network/family.hpp"
#include "model/network/flops.hpp"
#include "model/network/footprint.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::bench {

using namespace model;

namespace {

constexpr std::size_t kExamples = 8;  // of a step

/// q and v, or what holds them.
std::vector<std::string> attention_inputs(const ModelShape& shape) {
  std::vector<std::string> targets;
  for (const LinearShape& linear : shape.layer_linears) {
    using enum LinearRole;
    if (linear.role == query || linear.role == value || linear.role == query_key_value)
      targets.push_back(linear.target());
  }
  return targets;
}

LoraConfig lora_of(const ModelShape& shape) {
  LoraConfig lora;
  lora.r = 8;
  lora.target_modules = attention_inputs(shape);
  return lora;
}

TrainConfig train_settings() {
  TrainConfig train;
  train.batch_size = kExamples;
  train.batch_tokens = 1 << 20;
  train.steps = kJobSteps;
  train.base_dropout = "none";
  return train;
}

std::int64_t example_length(const ModelShape& shape, std::int64_t step_tokens) {
  return std::clamp<std::int64_t>(step_tokens / static_cast<std::int64_t>(kExamples), 2,
                                  shape.positions);
}

}  // namespace

Work::Work(const ModelConfig& model, const std::string& device, std::int64_t step_tokens,
           std::size_t clients)
    : base(BaseModel::load(model, device)), train(train_settings()) {
  const ModelShape& shape = base->shape();
  lora = lora_of(shape);
  const auto length = static_cast<std::size_t>(example_length(shape, step_tokens));
  const auto labels = static_cast<std::size_t>(
      std::max(1L, std::lround(kLabelShare * static_cast<double>(length))));
  job_tokens = static_cast<std::int64_t>(kJobSteps * kExamples * length);
  Random random(7, Purpose::sample);
  auto all = std::make_shared<EncodedData>();
  for (std::size_t client = 0; client < clients; ++client) {
    Indices own;
    for (std::size_t i = 0; i < kExamples * kJobSteps; ++i) {
      std::vector<std::int32_t> tokens(length);
      for (auto& token : tokens)
        token =
            static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(shape.vocabulary)));
      own.push_back(static_cast<std::uint32_t>(all->size()));
      all->add(tokens, length - labels, length - labels);
    }
    examples.push_back(std::make_shared<const Indices>(std::move(own)));
  }
  data = std::move(all);
  start = std::make_shared<const Adapter>(initial_adapter(make_layout(shape, lora), 1));
}

TrainJob Work::job(std::size_t client) const {
  TrainJob job;
  job.client = static_cast<std::uint32_t>(client);
  job.run_seed = 1;
  job.start = start;
  job.examples = examples[client];
  return job;
}

double Work::flops_per_token() const {
  const ModelShape& shape = base->shape();
  const double head =
      4.0 * static_cast<double>(shape.embedding) * static_cast<double>(shape.vocabulary);
  return train_flops_per_token(shape) - (1.0 - kLabelShare) * head;
}

HostMemory host_memory(const ModelConfig& model, std::int64_t step_tokens) {
  const ModelShape shape = read_shape(model.path / "config.json");
  const auto takes =
      footprint(model, lora_of(shape), train_settings(), example_length(shape, step_tokens));
  if (!takes) return {};
  return {static_cast<double>(takes->base_bytes + takes->packed_bytes),
          static_cast<double>(takes->adapter_bytes), static_cast<double>(takes->activation_bytes)};
}

std::vector<std::vector<float>> train_round(Cohort& cohort, const Work& work, std::size_t clients) {
  for (std::size_t client = 0; client < clients; ++client)
    cohort.add(client, work.job(client));
  std::vector<std::vector<float>> updates(clients);
  for (std::size_t ended = 0; ended < clients;) {
    for (Cohort::Ended& own : cohort.advance()) {
      if (own.failure) std::rethrow_exception(own.failure);
      updates[own.ticket] = std::move(own.result.adapter.values);
      ++ended;
    }
  }
  return updates;
}

}  // namespace lorafleet::bench
