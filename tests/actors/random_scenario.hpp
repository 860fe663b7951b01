#pragma once

#include <rapidcheck.h>

#include <string>

#include "tests/actors/fake_run.hpp"

namespace lorafleet::tests {

/// Any small federation: all modes, speeds, losses and stop conditions. For RapidCheck.
inline actors::FederationConfig random_config() {
  auto config = tiny_config(*rc::gen::inRange(1, 25));
  config.seed = *rc::gen::arbitrary<std::uint64_t>();
  config.devices.tiers.push_back(config.devices.tiers.front());
  config.devices.tiers[0].tokens_per_second = sim::Distribution::uniform(1.0, 20.0);
  config.devices.tiers[1].share = *rc::gen::inRange(0, 4);
  if (*rc::gen::arbitrary<bool>()) config.devices.jitter = sim::Distribution::lognormal(1.0, 0.4);
  config.availability.drop_probability = *rc::gen::element(0.0, 0.0, 0.1, 0.6);

  config.clients.concurrency = *rc::gen::inRange(1, 30);
  config.clients.per_round = *rc::gen::inRange(1, 12);
  config.clients.overcommit = *rc::gen::element(1.0, 1.3, 2.0);
  config.clients.deadline_seconds = *rc::gen::element(0.0, 0.0, 4.0, 8.0);
  const auto most = std::min(config.clients.per_round, config.partition.clients);
  config.clients.min_updates = *rc::gen::inRange<std::int64_t>(1, most + 1);

  config.aggregation.mode = *rc::gen::element<std::string>("sync", "fedbuff", "fedasync");
  if (config.aggregation.mode == "sync")
    config.clients.late = *rc::gen::element<std::string>("drop", "drop", "carry_over");
  config.aggregation.weighting = *rc::gen::element<std::string>("examples", "tokens", "uniform");
  config.aggregation.buffer_size = *rc::gen::inRange(1, 8);
  config.aggregation.staleness.fn =
      *rc::gen::element<std::string>("constant", "polynomial", "hinge");
  config.aggregation.staleness.a = 0.5;
  config.aggregation.max_staleness = *rc::gen::element(-1, -1, 0, 1, 3);

  config.stop.versions = *rc::gen::inRange(0, 15);
  config.stop.virtual_seconds = *rc::gen::inRange(1, 200) * 0.5;
  config.stop.updates = *rc::gen::inRange(0, 40);
  return config;
}

/// One to eight tokens a job, by client and seq.
inline actors::JobSizer random_sizes() {
  return [](sim::JobId job) {
    const auto tokens =
        static_cast<std::int64_t>((job.client.value * 7 + job.seq.value * 3) % 8 + 1);
    return model::JobSize{job.client.value + 1, tokens};
  };
}

/// Every eleventh job gives a NaN.
inline float sometimes_nan(const actors::TrainRequest& job, std::size_t index) {
  if (job.id.seq.value % 11 == 0) return std::numeric_limits<float>::quiet_NaN();
  return job.adapter->values[index] * 0.5f +
         static_cast<float>(job.id.client.value + index) * 0.25f;
}

}  // namespace lorafleet::tests
