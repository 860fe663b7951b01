#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/files/tensor_view.hpp"
#include "model/network/opt_config.hpp"

namespace lorafleet::model {

/// "opt-125m", ...: the shapes of facebook/opt-* (arXiv 2205.01068, table 1; their config.json).
std::vector<std::string> known_shapes();
/// Throws InputError for another name.
OptConfig shape_named(const std::string& name);

/// Writes an OPT with random weights as a Hugging Face directory, for benchmarks and tests: weights
/// normal with deviation 0.02, biases and the padding token's embedding 0, norms 1 and 0, as
/// Hugging Face initialises it. A pure function of (config, seed, dtype). Little is in memory at a
/// time.
void write_random_base(const std::filesystem::path& out, const OptConfig& config,
                       std::uint64_t seed, DType dtype, std::uint64_t max_shard_bytes);

}  // namespace lorafleet::model
