#pragma once

#include <string>
#include <vector>

#include "tools/command_line.hpp"

namespace lorafleet::bench {

/// The value of an option that is a list with commas. Throws InputError for an empty part, or one
/// that is not `allowed`, where something is.
std::vector<std::string> list_of(const tools::CommandLine& line, const std::string& name,
                                 const std::vector<std::string>& allowed = {});

/// --seconds, above 0. Throws InputError.
double seconds_of(const tools::CommandLine& line);

}  // namespace lorafleet::bench
