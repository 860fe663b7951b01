#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "actors/run/read_data.hpp"
#include "actors/sim/fleet.hpp"
#include "model/shape.hpp"
#include "model/text/encoded_data.hpp"
#include "model/text/encoding.hpp"
#include "partition/partitioner.hpp"
#include "partition/statistics.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::actors {

/// The data of a run: read, spoilt where asked, split, encoded and spread over the clients. A pure
/// function of the configuration and the files that it names.
struct Workload {
  model::ModelShape shape;
  std::vector<partition::Example> examples;
  std::vector<std::string> classes;  ///< what the base's classes are called; empty: no classifier
  std::shared_ptr<const model::ExampleEncoder> encoder;
  std::shared_ptr<const model::EncodedData> encoded;  ///< entry i belongs to example i
  model::EncodingReport encoding;
  Indices test;    ///< held out
  Indices scored;  ///< the test examples that evaluation uses
  partition::Partition partition;
  partition::PartitionStatistics statistics;
  std::vector<IndicesPtr> client_examples;    ///< by client
  std::shared_ptr<const sim::Fleet> devices;  ///< null unless who attacks depends on them
  /// What each client keeps for its own test ([evaluation] local_share); empty without.
  std::vector<Indices> local_test;
};

/// Throws InputError. `log` gets a line about each step, `warning` what a user should know.
Workload prepare_workload(const FederationConfig& config, const Note& log, const Note& warning);
/// The same from data that were read already, for a scenario with equal [model], [data] and seed.
Workload prepare_workload(const FederationConfig& config, ReadData data, const Note& log,
                          const Note& warning);

/// The same, for what it throws and tells; nothing for a run without data.
void check_data(const FederationConfig& config, const Note& log, const Note& warning);

/// What the base's config.json alone can tell, where it is there: whether the base has the modules
/// that [lora] names. Throws InputError.
void check_base(const FederationConfig& config);

/// The text of partition.json.
std::string manifest_of(const FederationConfig& config, const Workload& work);

}  // namespace lorafleet::actors
