#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "partition/config.hpp"
#include "partition/example.hpp"
#include "partition/formats/column_use.hpp"
#include "partition/reader.hpp"

namespace lorafleet::partition {

/// What is wrong with one row; the message names no place, RowCollector adds it.
class BadRow : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where a row stands in its file.
struct RowPlace {
  std::size_t line = 0;        ///< where it begins, from 1
  std::size_t entry = 0;       ///< in an array, from 1; 0: a file of lines
  const char* unit = "entry";  ///< what the array holds

  /// "entry 17", "line 3".
  [[nodiscard]] std::string text() const;
};

/// Takes the rows of one file as a format reader finds them, applies the rules that all formats
/// share (defaults for id and group, ids that occur once, a target that is there and one of its
/// choices), and counts bad rows against max_bad_lines.
class RowCollector {
 public:
  /// `for_test`: the file is the test data of another one.
  RowCollector(const DataConfig& config, ReadReport& report, bool for_test = false)
      : config_(config), report_(report), for_test_(for_test) {}

  /// What the format reads of each row; a reader says so before it reads.
  ColumnUse& columns() { return columns_; }
  [[nodiscard]] bool for_test() const { return for_test_; }

  void count_line() { ++report_.lines; }
  /// A good row without use; `what` says which in a note: "questions without answer".
  void leave_out(const std::string& what);
  /// Something to be counted in a note, with "{}" for how often.
  void count(const std::string& what) { ++counts_[what]; }
  /// Something for a user to know, without being a problem.
  void note(const std::string& text);
  /// Empty id and group get their defaults. Throws as `bad` does for an example that breaks a rule.
  void add(Example example, const RowPlace& place);
  /// Throws InputError when there are more bad rows than allowed.
  void bad(const RowPlace& place, const std::string& what);
  /// Calls `read` and counts the row as bad where it throws BadRow.
  void guard(const RowPlace& place, const std::function<void()>& read);
  /// All rows so far; the report gets notes and warnings. `has_prompt`: rows of this format have an
  /// instruction or a context. Throws InputError if there are no rows, and for names that no row
  /// has.
  std::vector<Example> finish(bool has_prompt);

 private:
  void warn_of_empty_prompts();

  const DataConfig& config_;
  ReadReport& report_;
  bool for_test_;
  ColumnUse columns_;
  std::vector<Example> examples_;
  std::unordered_map<std::string, RowPlace> place_of_id_;
  std::map<std::string, std::size_t> counts_;
};

/// One value of [data] format. A later format adds a file with a function like `read_jsonl` and a
/// line in formats.cpp.
struct Format {
  std::string name;
  void (*read)(const DataConfig& config, RowCollector& rows);
  std::string prompt_template = "plain";
  bool has_prompt = true;  ///< rows have an instruction or a context
  bool markup = false;     ///< a web page may be data
};

const std::vector<Format>& formats();

/// JSON objects, one a line or in one array, their fields named by DataConfig::fields.
void read_jsonl(const DataConfig& config, RowCollector& rows);
/// A header and rows, separated by commas, or by semicolons where the header has no comma; columns
/// named by DataConfig::fields.
void read_csv(const DataConfig& config, RowCollector& rows);
/// The same, separated by tabs.
void read_tsv(const DataConfig& config, RowCollector& rows);
/// JSON objects with `messages` (role, content) or ShareGPT's `conversations` (from, value).
void read_conversations(const DataConfig& config, RowCollector& rows);
/// Stanford Alpaca: JSON objects of instruction, input and output.
void read_alpaca(const DataConfig& config, RowCollector& rows);
/// Databricks Dolly: JSON objects with instruction, context, response and category, which is the
/// natural client.
void read_dolly(const DataConfig& config, RowCollector& rows);
/// SQuAD 1.1 and 2.0, as published or as rows of the `datasets` library: a question is the
/// instruction, its paragraph the context, its first answer the target, the others references; the
/// article is the group.
void read_squad(const DataConfig& config, RowCollector& rows);
/// The tasks of GLUE, as published (TSV) or as rows of the `datasets` library (JSON, CSV).
void read_glue(const DataConfig& config, RowCollector& rows);
/// Plain text: each paragraph (between blank lines) is a target.
void read_text(const DataConfig& config, RowCollector& rows);

/// Calls `row` for each JSON object of the file, which has one a line, or all in one array (then
/// the whole file is in memory). What is no object, or throws BadRow, is a bad row.
void for_each_json_row(const DataConfig& config, RowCollector& rows,
                       const std::function<void(const nlohmann::json&, const RowPlace&)>& row);

/// Rows of JSON objects; `hint` ends the message about a missing target.
void read_json_rows(const DataConfig& config, const FieldNames& fields, const std::string& hint,
                    RowCollector& rows);

}  // namespace lorafleet::partition
