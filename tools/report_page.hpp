#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lorafleet::tools {

struct ReportRequest {
  std::vector<std::filesystem::path> folders;  ///< of runs, or of a sweep
  std::optional<std::filesystem::path> baseline;
  std::optional<double> target;  ///< perplexity
  std::string title;
};

/// Reads the runs and writes their page. Throws InputError or RuntimeFailure.
void write_report(const ReportRequest& request, const std::filesystem::path& file);

/// The same at the end of another command: what goes wrong is a warning, since the results are
/// there.
void try_report(const ReportRequest& request, const std::filesystem::path& file);

}  // namespace lorafleet::tools
