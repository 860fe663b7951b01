#pragma once

#include <string>
#include <vector>

#include "actors/sim/time/virtual_time.hpp"
#include "actors/sim/timing.hpp"
#include "actors/sim/world.hpp"

namespace lorafleet::sim {

/// What makes a run of this world meaningless, though it would run: a sentence each, none for a
/// sound one. `jobs` holds a typical job of each client that takes part (any seq), `horizon` the
/// virtual time after which the run ends at the latest (0: not known).
///
/// - all jobs compute for the same time: stragglers cannot exist
/// - no job computes, or is on the network, for a millisecond
/// - clients that are never online before the horizon, or that nobody is online at first, or at all
/// - jobs that almost never fit into the time that their clients are online, and are lost
/// - rows of the trace for clients that the run does not have
std::vector<std::string> world_warnings(const World& world, const std::vector<JobLoad>& jobs,
                                        VirtualDuration horizon);

}  // namespace lorafleet::sim
