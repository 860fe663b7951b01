#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "partition/examples/config.hpp"
#include "partition/examples/example.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::partition {

/// What a degradation may use besides the context itself.
struct Spoiling {
  const std::vector<std::string>& contexts;  ///< unspoilt, of all examples
  const Indices& training;
  double strength;
};

/// One value of [data.degrade] kind.
struct Degradation {
  std::string name;
  /// The spoilt context of the example `index`; null: nothing is spoilt.
  std::string (*spoil)(std::uint32_t index, const Spoiling& with, Random& random) = nullptr;
  bool removes_words = false;  ///< `strength` counts
};

const std::vector<Degradation>& degradations();
/// Whether anything is spoilt. Throws InputError for an unknown kind.
bool degrades(const DegradeConfig& config);
/// The names that [data.degrade] kind may have.
std::vector<std::string> known_degradations();

/// Spoils the contexts of `config.share` of the `training` examples (rounded to the nearest number
/// of them); nothing else of them and no other example changes. Sets quality "degraded" of every
/// training example to 1 or 0 (unless kind is "none": then nothing is touched), and brings a
/// "coverage" that the data gave up to date where the context was spoilt.
///
/// - shuffle_words: the words of the context in random order;
/// - drop_words: each word goes with probability `strength`, at least one stays;
/// - swap_context: the context of another training example (drawn from the unspoilt contexts);
/// - truncate: the last `strength` of the words go, at least one stays.
///
/// Drawn from (seed, Purpose::degradation, example index). Throws InputError for an unknown kind
/// and for share or strength outside [0, 1].
void degrade(std::vector<Example>& examples, const Indices& training, const DegradeConfig& config,
             std::uint64_t seed);

}  // namespace lorafleet::partition
