#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lorafleet::model {

/// Beside PEFT's files, in the folder of a classifier's adapter.
inline constexpr const char* kClassNamesFile = "class_names.json";

/// Writes what the classes are called, in the order of their numbers, as a JSON array; removes the
/// file where there are none.
void save_class_names(const std::filesystem::path& directory,
                      const std::vector<std::string>& names);

/// Empty where the folder does not have the file. Throws InputError.
std::vector<std::string> load_class_names(const std::filesystem::path& directory);

}  // namespace lorafleet::model
