#pragma once

#include <filesystem>
#include <vector>

#include "actors/run/local_evaluation.hpp"

namespace lorafleet::actors {

/// local.csv: a row a client.
void write_local_csv(const std::vector<LocalScore>& scores, const std::filesystem::path& file);

}  // namespace lorafleet::actors
