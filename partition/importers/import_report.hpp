#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lorafleet::partition {

/// What an importer came to.
struct ImportReport {
  std::size_t rows = 0;            ///< written
  std::size_t skipped = 0;         ///< seen, but not usable or not in the sample
  std::vector<std::string> notes;  ///< what a user should know
};

}  // namespace lorafleet::partition
