#pragma once

#include <filesystem>
#include <vector>

#include "actors/run/local_evaluation.hpp"

namespace lorafleet::actors {

/// local.csv: a row for each client with a test part of its own.
void write_local_csv(const std::vector<LocalScore>& scores, const std::filesystem::path& file);

}  // namespace lorafleet::actors
