#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lorafleet::tools {

class CommandLine;

/// What --quantization says of the base in `folder`, or, where it is not given, what the base's
/// files hold. Throws InputError that names the option where the two do not agree.
std::string quantization_option(const CommandLine& line, const std::filesystem::path& folder);

/// A file of an adapter, and what the base that it was trained on was held in.
struct TrainedOn {
  std::filesystem::path file;
  std::string held;
};

/// The first of the files that says that this was not `quantization`; nothing where all of them
/// agree or say nothing.
std::optional<TrainedOn> trained_on_another(const std::vector<std::filesystem::path>& files,
                                            const std::string& quantization);

}  // namespace lorafleet::tools
