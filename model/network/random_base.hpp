#pragma once

#include <cstdint>
#include <filesystem>

#include "model/files/dtype.hpp"
#include "model/network/family.hpp"

namespace lorafleet::model {

/// Writes a base with random weights as Hugging Face initialises them: matrices normal with
/// deviation 0.02, biases 0, norms that change nothing. For benchmarks and tests. A pure function
/// of (base, seed, dtype). Little is in memory at a time.
void write_random_base(const std::filesystem::path& out, const NewBase& base, std::uint64_t seed,
                       DType dtype, std::uint64_t max_shard_bytes);

}  // namespace lorafleet::model
