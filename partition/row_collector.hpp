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
  void leave_out() { ++report_.left_out; }
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
  std::string prompt_template = "plain";
};

const std::vector<Format>& formats();

/// One JSON object a line, its fields named by DataConfig::fields.
void read_jsonl(const DataConfig& config, RowCollector& rows);
/// Stanford Alpaca: a JSON array, or one object a line, of instruction, input and output.
void read_alpaca(const DataConfig& config, RowCollector& rows);
/// Databricks Dolly: one JSON object a line with instruction, context, response and category, which
/// is the natural client.
void read_dolly(const DataConfig& config, RowCollector& rows);
/// SQuAD 1.1 and 2.0: a question is the instruction, its paragraph the context, its first answer
/// the target, the others references; the article is the group.
void read_squad(const DataConfig& config, RowCollector& rows);
/// Sentence pairs of GLUE as TSV, told apart by their header: MRPC, QQP, RTE.
void read_glue_pairs(const DataConfig& config, RowCollector& rows);
/// Plain text: each paragraph (between blank lines) is a target.
void read_text(const DataConfig& config, RowCollector& rows);

/// Rows of JSON objects, one a line; `hint` ends the message about a missing target.
void read_json_lines(const DataConfig& config, const FieldNames& fields, const std::string& hint,
                     RowCollector& rows);

}  // namespace lorafleet::partition
