#pragma once

#include <filesystem>
#include <vector>

#include "actors/sim/ids.hpp"
#include "actors/sim/time/virtual_time.hpp"
#include "actors/sim/world.hpp"

namespace lorafleet::actors {

/// offline.csv: when these clients were not there, from the start to `until`, a row for each span.
/// In all at most about 100,000 rows: where a client would have more than its part of them, its
/// last row begins where the rest was left out, and has no end.
void write_offline_csv(const sim::World& world, const std::vector<sim::ClientId>& clients,
                       sim::VirtualTime until, const std::filesystem::path& file);

}  // namespace lorafleet::actors
