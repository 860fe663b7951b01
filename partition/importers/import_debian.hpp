#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "partition/importers/import_report.hpp"

namespace lorafleet::partition {

/// `lorafleet import debian-descriptions`: the long descriptions of Debian's packages as JSONL rows
/// that ask for the one-line synopsis.
struct DebianImport {
  std::filesystem::path out;  ///< the JSONL file
  bool offline = false;       ///< use the lists that are there, do not fetch
  std::size_t max_rows = 0;   ///< 0: all; else a seeded sample
  std::uint64_t seed = 42;
  std::function<void(const std::string&)> log;  ///< progress; may be empty
};

/// Fetches the English description lists of the system's apt sources into a private state folder
/// under the user's cache ($XDG_CACHE_HOME or ~/.cache), without root and without touching the
/// system's lists, joins Translation-en and Packages on Description-md5, and writes one row a
/// package. Offline, or where fetching fails, the private lists of an earlier import or else the
/// system's are used; a note says so. Malformed
/// stanzas and rows that are not valid UTF-8 are left out, and noted. Throws InputError where there
/// are no lists at all, apt is missing, or the user has no private folder for them, RuntimeFailure
/// where `out` cannot be written.
ImportReport import_debian_descriptions(const DebianImport& options);

}  // namespace lorafleet::partition
