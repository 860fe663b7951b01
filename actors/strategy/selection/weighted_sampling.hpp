#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "actors/sim/ids.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::strategy {

/// Of a client; at least 0.
using ClientWeight = std::function<double(sim::ClientId)>;

/// `count` different candidates, drawn one after the other, each time with probability proportional
/// to its weight among those that are left. In the order drawn; those of weight 0 come last.
///
/// First by rejection: a candidate drawn evenly is taken with probability weight / most, which
/// costs most / (mean weight) trials a client, whatever the number of candidates. What a fixed
/// number of trials did not give (some weights are far above the mean, or nearly all candidates are
/// wanted) comes from one pass with exponential keys: those with the smallest -ln(u) / weight, u
/// uniform (Efraimidis and Spirakis, 2006). Both draw from the same distribution, and how many
/// trials fail does not depend on who is taken, so their mixture does too.
///
/// `most` must be at least each weight; where it is infinite, only the keys are used.
std::vector<sim::ClientId> weighted_sample(std::span<const sim::ClientId> candidates,
                                           std::size_t count, Random& random,
                                           const ClientWeight& weight, double most);

}  // namespace lorafleet::strategy
