#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "actors/actor_fleet.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::tests {

/// Moves each value by a draw keyed by (client, seq): a pure function of the job, in no time.
class FakeTrainer : public model::Trainer {
 public:
  model::JobSize size(const model::TrainJob& job) const override {
    return {static_cast<std::int64_t>(job.examples->size()),
            static_cast<std::int64_t>(100 * job.examples->size())};
  }
  model::TrainResult train(const model::TrainJob& job) const override {
    model::TrainResult result{*job.start, {}};
    Random random(job.run_seed, Purpose::batch_order, job.client, job.seq);
    for (float& value : result.adapter.values) {
      value = static_cast<float>(value * 0.9 + random.normal());
    }
    const auto size = this->size(job);
    result.stats.examples = size.examples;
    result.stats.tokens = size.tokens;
    result.stats.loss = random.uniform();
    return result;
  }
};

class FakeScorer : public model::Scorer {
 public:
  model::Evaluation evaluate(const model::AdapterPtr& adapter) const override {
    model::Evaluation evaluation;
    evaluation.total.examples = 1;
    evaluation.total.label_tokens = 1;
    evaluation.total.loss_sum = adapter ? model::l2_norm(adapter->values) : 0.0;
    return evaluation;
  }
};

/// Keeps the event lines and the scores.
class TextObserver : public actors::RunObserver {
 public:
  void on_event(const actors::Event& event, const actors::RunTotals&) override {
    events += actors::to_json_line(event) + '\n';
  }
  void on_version(sim::Version version, sim::VirtualTime, const actors::RunTotals&) override {
    versions.push_back(version.value);
  }
  void on_evaluation(sim::Version version, const model::Evaluation& evaluation) override {
    scores += std::to_string(version.value) + ' ' + std::to_string(evaluation.total.loss()) + '\n';
  }
  std::string events;
  std::string scores;
  std::vector<std::uint64_t> versions;
};

/// A small fleet of the given mode: twelve clients in two tiers, drop-outs, jitter.
inline actors::FleetParts fake_parts(const std::string& mode,
                                     std::shared_ptr<TextObserver> observer, std::size_t slots,
                                     bool detached) {
  actors::FleetParts parts;
  auto& config = parts.config;
  config.seed = 11;
  config.aggregation.mode = mode;
  config.aggregation.buffer_size = 3;
  config.clients.per_round = 4;
  config.clients.overcommit = 1.5;
  config.clients.concurrency = 5;
  config.devices.tiers = {{"fast", 0.5, sim::Distribution::lognormal(900, 0.3), 0, 0, 0},
                          {"slow", 0.5, sim::Distribution::uniform(40, 80), 0, 0, 0}};
  config.devices.jitter = sim::Distribution::lognormal(1.0, 0.2);
  config.availability.drop_probability = 0.15;
  config.evaluation.every_versions = 3;
  config.stop.versions = 10;
  parts.trainer = std::make_shared<FakeTrainer>();
  parts.scorer = std::make_shared<FakeScorer>();
  for (std::uint32_t client = 0; client < 12; ++client) {
    parts.client_examples.push_back(std::make_shared<const Indices>(5 + client, client));
  }
  parts.federation.train_flops_per_token = 1e6;
  const auto layout = std::make_shared<const model::AdapterLayout>(
      std::vector<model::LoraModule>{{"layer.q_proj", 4, 4, 2, 4.0, false}});
  parts.federation.initial =
      std::make_shared<const model::Adapter>(model::initial_adapter(layout, 11));
  parts.federation.sizer = [trainer = parts.trainer,
                            examples = parts.client_examples](sim::JobId job) {
    const std::uint32_t client = job.client.value;
    return trainer->size({client, job.seq.value, 11, 0, nullptr, examples[client]});
  };
  parts.observer = std::move(observer);
  parts.slots = slots;
  parts.detached = detached;
  return parts;
}

}  // namespace lorafleet::tests
