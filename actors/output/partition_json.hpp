#pragma once

#include <filesystem>

#include "actors/run/workload.hpp"

namespace lorafleet::actors {

/// Writes partition.json; a run that goes on must find the one that it began with, or InputError is
/// thrown.
void write_manifest(const FederationConfig& config, const Workload& work, bool resumed,
                    const std::filesystem::path& file);

}  // namespace lorafleet::actors
