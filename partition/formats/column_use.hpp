#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "partition/examples/config.hpp"

namespace lorafleet::partition {

/// Which columns (or fields of JSON rows) a file has, and which of them are read: so that neither a
/// name that no row has nor a column without use passes in silence.
class ColumnUse {
 public:
  /// `name` is read where it is there. Names with dots are read inside a column.
  void may_have(const std::string& name);
  /// Some row must have it. `key` is the scenario's key for the name, or empty for a format whose
  /// names are fixed.
  void must_have(const std::string& name, const std::string& key);
  /// As must_have, but its absence is only a warning.
  void should_have(const std::string& name, const std::string& key);
  /// All that `fields` names. What differs from the defaults was named by the user, and must be
  /// there; in a file of test data, what only training needs should be there.
  void has_fields(const FieldNames& fields, bool for_test);

  /// `name` is there in another form.
  void found(const std::string& name);
  /// One row of the file.
  void saw(const nlohmann::json& row);

  /// Throws InputError where a name that must be there was in no row of `file`; gives warnings of
  /// those that should be, and of those with a key that are null or empty in all rows.
  [[nodiscard]] std::vector<std::string> check(const std::filesystem::path& file) const;
  /// Columns that nothing reads, in alphabetical order.
  [[nodiscard]] std::vector<std::string> unused() const;
  /// All columns, in alphabetical order.
  [[nodiscard]] std::vector<std::string> all() const { return {columns_.begin(), columns_.end()}; }

 private:
  struct Expected {
    std::string name;
    std::string key;
    bool strict = true;
    bool found = false;
    bool filled = false;  ///< in some row it is neither null nor empty
  };
  [[nodiscard]] std::string missing(const Expected& expected,
                                    const std::filesystem::path& file) const;

  std::vector<Expected> expected_;
  std::set<std::string, std::less<>> read_;
  std::set<std::string, std::less<>> columns_;
  std::size_t rows_ = 0;
};

/// "a, b, c", the first twenty of them.
std::string join_some(const std::vector<std::string>& names);

}  // namespace lorafleet::partition
