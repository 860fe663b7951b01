#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "actors/config/tls_files.hpp"
#include "actors/sim/config.hpp"
#include "actors/strategy/config.hpp"
#include "model/config.hpp"
#include "partition/examples/config.hpp"

namespace lorafleet::actors {

/// [slots]
struct SlotsConfig {
  std::int64_t count = 0;      ///< 0: as many as the machine has cores, or GPUs are used
  std::int64_t threads = 1;    ///< intra-op threads of each job; part of the result's bytes
  std::string device = "cpu";  ///< model::is_device_choice
  std::int64_t cohort = 0;     ///< jobs that a slot trains side by side; 0: jobs_of_slot decides

  /// `count`, or by itself one for each core, on GPUs one for each of these `devices`.
  [[nodiscard]] std::size_t slots(std::size_t devices = 1) const;
  /// `cohort`, or by itself 1, on a GPU 16.
  [[nodiscard]] std::size_t jobs_of_slot() const;
};

/// [surrogate]: what clients are made of with [train] kind = "surrogate"
/// (actors/run/trainers/surrogate.hpp).
struct SurrogateConfig {
  sim::Distribution examples = sim::Distribution::lognormal(50.0, 1.0);  ///< of a client
  std::int64_t tokens_per_example = 60;
  std::int64_t classes = 10;       ///< sorts of data that a client's data mix
  double alpha = 0.5;              ///< of the Dirichlet draw of that mix
  double spread = 1.0;             ///< deviation of the classes' optima
  double noise = 0.0;              ///< deviation of what a job adds to each value
  std::int64_t width = 2;          ///< the adapter's one module is [width, width]
  std::int64_t message_bytes = 0;  ///< that an adapter counts as on the links; 0: its own size
};

/// [checkpoint]
struct CheckpointConfig {
  std::int64_t every_versions = 0;  ///< 0: not by versions
  double every_seconds = 60.0;      ///< of real time; 0: not by time
};

/// [output]
struct OutputConfig {
  bool trace = true;         ///< trace.json
  bool report = true;        ///< report.html
  bool tensorboard = false;  ///< an event file for TensorBoard
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
  SurrogateConfig surrogate;
  strategy::ClientsConfig clients;
  strategy::AggregationConfig aggregation;
  sim::DevicesConfig devices;
  sim::NetworkConfig network;
  sim::AvailabilityConfig availability;
  strategy::FaultsConfig faults;
  SlotsConfig slots;
  model::EvaluationConfig evaluation;
  CheckpointConfig checkpoint;
  OutputConfig output;
  net::TlsFiles tls;
  strategy::StopConfig stop;
};

}  // namespace lorafleet::actors
