#pragma once

#include <cstdint>
#include <string>

#include "actors/sim/config.hpp"
#include "actors/strategy/config.hpp"
#include "model/config.hpp"
#include "partition/config.hpp"

namespace lorafleet::actors {

/// [slots]
struct SlotsConfig {
  std::int64_t count = 0;      ///< 0: as many as the machine has cores
  std::int64_t threads = 1;    ///< intra-op threads of each job; part of the result's bytes
  std::string device = "cpu";  ///< "cpu", "cuda" (the first GPU), "cuda:N"
};

/// Everything that a run depends on.
struct FederationConfig {
  std::string name = "unnamed";
  std::uint64_t seed = 42;
  model::ModelConfig model;
  model::LoraConfig lora;
  partition::DataConfig data;
  model::EncodingConfig encoding;  ///< the keys of [data] about tokens
  partition::PartitionConfig partition;
  model::TrainConfig train;
  strategy::ClientsConfig clients;
  strategy::AggregationConfig aggregation;
  sim::DevicesConfig devices;
  sim::NetworkConfig network;
  sim::AvailabilityConfig availability;
  SlotsConfig slots;
  model::EvaluationConfig evaluation;
  strategy::StopConfig stop;
};

}  // namespace lorafleet::actors
