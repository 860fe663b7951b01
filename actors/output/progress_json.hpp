#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "actors/run/progress.hpp"

namespace lorafleet::actors {

/// One line of JSON; what is no UTF-8 is replaced.
std::string progress_json(const Progress& progress);
/// Reads it back. Throws InputError that names `name`.
Progress parse_progress(std::string_view text, const std::string& name);

/// progress.json of a run directory: how far the run is, for `lorafleet watch`. It is there while
/// the run works, and stays where the run is killed. A file that cannot be written is nothing that
/// a run fails of.
class ProgressFile {
 public:
  static constexpr const char* kName = "progress.json";

  explicit ProgressFile(const std::filesystem::path& directory);
  /// At most twice a second.
  void write(const Progress& progress);
  void remove() const;

 private:
  std::filesystem::path path_;
  std::optional<std::chrono::steady_clock::time_point> written_;
};

}  // namespace lorafleet::actors
