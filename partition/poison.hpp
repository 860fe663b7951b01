#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "partition/examples/example.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::partition {

/// An example and the wrong target that it gets.
struct PoisonedTarget {
  std::uint32_t example;
  std::string target;
};

/// Wrong targets for `share` of the examples `own` of one client (rounded to the nearest number of
/// them), ascending. An example with choices gets one of its others; any other one the target of
/// one of `donors`, and is left out where 100 draws give no text other than its own.
///
/// A pure function: which examples and which targets is drawn from (seed, Purpose::fault, example
/// index). Throws InputError for a share outside [0, 1].
std::vector<PoisonedTarget> poisoned_targets(const std::vector<Example>& examples,
                                             const Indices& own, const Indices& donors,
                                             double share, std::uint64_t seed);

}  // namespace lorafleet::partition
