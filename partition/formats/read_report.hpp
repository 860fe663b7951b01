#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lorafleet::partition {

/// What reading a data file came to.
struct ReadReport {
  std::size_t lines = 0;      ///< all lines of the file, blank ones too
  std::size_t bad_lines = 0;  ///< skipped, at most DataConfig::max_bad_lines
  std::size_t left_out = 0;   ///< good rows without use: questions without answer
  std::vector<std::string>
      problems;  ///< one message for each bad line: "file:line: what was wrong"
  std::vector<std::string> warnings;  ///< what looks like a mistake
  std::vector<std::string> notes;     ///< what was left out, which fields nothing reads
  std::vector<std::string> fields;    ///< of the file's rows, sorted
};

}  // namespace lorafleet::partition
