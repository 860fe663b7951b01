#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "partition/config.hpp"
#include "partition/example.hpp"
#include "partition/reader.hpp"

namespace lorafleet::partition {

/// What is wrong with one row; the message names no place, RowCollector adds it.
class BadRow : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Takes the rows of one file as a format reader finds them, applies the rules that all formats
/// share (defaults for id and group, ids that occur once), and counts bad rows against
/// max_bad_lines.
class RowCollector {
 public:
  RowCollector(const DataConfig& config, ReadReport& report) : config_(config), report_(report) {}

  void count_line() { ++report_.lines; }
  /// Empty id and group get their defaults. Throws as `bad` does for an id that was there before.
  void add(Example example, std::size_t line);
  /// Throws InputError when there are more bad rows than allowed.
  void bad(std::size_t line, const std::string& what);
  /// All rows so far. Throws InputError if there are none.
  std::vector<Example> finish();

 private:
  const DataConfig& config_;
  ReadReport& report_;
  std::vector<Example> examples_;
  std::unordered_map<std::string, std::size_t> line_of_id_;
};

/// One value of [data] format. A later format adds a file with a function like `read_jsonl` and a
/// line in formats.cpp.
struct Format {
  std::string name;
  void (*read)(const DataConfig& config, RowCollector& rows);
};

const std::vector<Format>& formats();

/// One JSON object a line, its fields named by DataConfig::fields.
void read_jsonl(const DataConfig& config, RowCollector& rows);

}  // namespace lorafleet::partition
