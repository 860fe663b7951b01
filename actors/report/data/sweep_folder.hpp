#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lorafleet::report {

/// Whether `lorafleet sweep` wrote this folder.
bool is_sweep(const std::filesystem::path& folder);

/// What the sweep is called; "" where its table does not say so. Throws InputError that names the
/// file.
std::string name_of_sweep(const std::filesystem::path& folder);

/// The run directories of a sweep that hold something, by case, then by seed. Throws InputError
/// that names the file.
std::vector<std::filesystem::path> runs_of_sweep(const std::filesystem::path& folder);

}  // namespace lorafleet::report
