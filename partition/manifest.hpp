#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "partition/partitioner.hpp"
#include "partition/statistics.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::partition {

/// The partition as JSON (partition.json): seed, settings, bins with their edges, statistics, and
/// for each client the ids of its examples. A loaded partition keeps the seed and the settings that
/// it was drawn with, whatever `config` and `seed` are now. A pure function of its arguments, byte
/// for byte.
std::string manifest_text(const Partition& partition, const PartitionStatistics& statistics,
                          const std::vector<Example>& examples, const PartitionConfig& config,
                          std::uint64_t seed);

/// Reads a manifest back and finds its ids among the training examples; bins are cut anew at the
/// manifest's edges. The manifest's own number of clients counts. Throws InputError naming the file
/// and unknown ids, ids of test examples, ids given twice, training examples that no client has,
/// clients without examples, and anything that is not such a manifest.
Partition load_manifest(const std::filesystem::path& path, const std::vector<Example>& examples,
                        const Indices& training, const CountFn& tokens);

/// load_manifest where `config.manifest` names one, else draw_partition. `tell` hears the notes.
Partition make_partition(const std::vector<Example>& examples, const Indices& training,
                         const PartitionConfig& config, std::uint64_t seed, const CountFn& tokens,
                         const TellFn& tell = {});

}  // namespace lorafleet::partition
