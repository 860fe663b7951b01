#pragma once

#include <filesystem>
#include <string>

namespace lorafleet::tools {

class CommandLine;

/// What --quantization says of the base in `folder`, or, where it is not given, what the base's
/// files hold. Throws InputError that names the option where the two do not agree.
std::string quantization_option(const CommandLine& line, const std::filesystem::path& folder);

}  // namespace lorafleet::tools
