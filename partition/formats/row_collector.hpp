#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "partition/examples/config.hpp"
#include "partition/examples/example.hpp"
#include "partition/formats/column_use.hpp"
#include "partition/formats/read_report.hpp"

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
  /// What looks like a mistake.
  void warn(const std::string& text);
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

}  // namespace lorafleet::partition
