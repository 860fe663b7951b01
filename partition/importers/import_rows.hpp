#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "partition/importers/import_report.hpp"

namespace lorafleet::partition {

/// One row of the JSONL that the importers write.
struct ImportRow {
  std::string id;
  std::string task;
  std::string domain;
  std::string group;
  std::string client;  ///< empty: no natural owner
  std::string instruction;
  std::string context;
  std::string target;
  std::map<std::string, double> quality;  ///< "coverage" is added when the row is written
};

/// Whether all texts of the row are well-formed UTF-8, without which there is no JSON of it.
bool is_valid_utf8(const ImportRow& row);

/// The row, valid UTF-8, as one line of JSON (without the end of line), with "ctx_words" and
/// coverage filled in.
std::string to_jsonl(const ImportRow& row);

/// Writes the rows in their order, or a sample of `max_rows` drawn by `seed`, and counts the others
/// as skipped. Rows that are not valid UTF-8 are skipped before the draw; a note counts them.
/// Throws InputError where no row is left, RuntimeFailure where `out` cannot be written.
void write_rows(const std::filesystem::path& out, const std::vector<ImportRow>& rows,
                std::size_t max_rows, std::uint64_t seed, ImportReport& report);

}  // namespace lorafleet::partition
