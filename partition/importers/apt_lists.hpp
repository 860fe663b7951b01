#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::partition {

/// Package lists on this machine, perhaps compressed.
struct AptLists {
  std::vector<std::filesystem::path> packages;
  std::vector<std::filesystem::path> translations;  ///< English
  [[nodiscard]] bool complete() const { return !packages.empty() && !translations.empty(); }
};

/// The settings file for a private apt state under `folder`: own lists and cache, English
/// translations only, and none of the system's hooks. Throws InputError for a folder whose name apt
/// cannot quote.
std::string private_apt_settings(const std::filesystem::path& folder);

/// Takes up one line of `apt-get indextargets` in the form "CREATED_BY|LANGUAGE|FILENAME". What a
/// target does not have stays in apt's output as it was asked for: "Packages|$(LANGUAGE)|/var/...".
void add_index_target(std::string_view line, AptLists& lists);

/// apt on this machine, without root.
class Apt {
 public:
  /// With `folder`: a private state there, made if need be, as make_private_folder does and throws;
  /// without: the system's, only to be read.
  explicit Apt(std::optional<std::filesystem::path> folder = {});

  /// Fetches the lists into the private state. Returns what went wrong, or "".
  std::string update(const std::function<void(const std::string&)>& log) const;
  [[nodiscard]] AptLists lists() const;

 private:
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> arguments) const;

  std::filesystem::path settings_;  ///< empty: the system's
};

/// Calls `line` for each line of a list, uncompressed. Throws RuntimeFailure.
void for_each_list_line(const std::filesystem::path& list,
                        const std::function<void(std::string_view, std::size_t)>& line);

/// Where the private state lives: lorafleet/apt under $XDG_CACHE_HOME or ~/.cache. Throws
/// InputError where neither is an absolute path.
std::filesystem::path private_apt_folder();

}  // namespace lorafleet::partition
