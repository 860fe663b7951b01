#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lorafleet::scenarios {

/// Where a key or a value stands: in a file, or on the command line ("--set K=V", without a line).
struct Place {
  std::string source;
  std::uint32_t line = 0;  ///< from 1; 0 where the source has no lines
  std::uint32_t column = 0;

  /// "file:line:column", or the source alone.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool on_command_line() const { return source.starts_with("--set "); }
  friend auto operator<=>(const Place&, const Place&) = default;
};

struct Entry;
/// Dates and times: TOML has them, scenarios have no use for them.
struct DateOrTime {};

/// A TOML document as a tree, each node with its place: what a scenario is read from and written
/// to.
struct Value {
  using List = std::vector<Value>;
  using Table = std::vector<Entry>;

  using Data = std::variant<DateOrTime, bool, std::int64_t, double, std::string, List, Table>;

  Data data;
  Place place;
  std::string typed;  ///< command line only: the text as the user typed it

  // Defined below: what a Value holds is complete only there.
  Value();
  explicit Value(Data content);
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  [[nodiscard]] const Table* table() const { return std::get_if<Table>(&data); }
  [[nodiscard]] const List* list() const { return std::get_if<List>(&data); }
  /// The value of `key` in a table; nullptr where there is none, or where this is no table.
  [[nodiscard]] const Value* find(std::string_view key) const;
  /// "the string \"x\"", "the integer 3", "a table": for messages.
  [[nodiscard]] std::string described() const;
};

struct Entry {
  std::string key;
  Place place;
  Value value;

  Entry(std::string name, Value content) : key(std::move(name)), value(std::move(content)) {}
  Entry(std::string name, Place at, Value content)
      : key(std::move(name)), place(std::move(at)), value(std::move(content)) {}
};

inline Value::Value() = default;
inline Value::Value(Data content) : data(std::move(content)) {}
inline Value::Value(const Value&) = default;
inline Value::Value(Value&&) noexcept = default;
inline Value& Value::operator=(const Value&) = default;
inline Value& Value::operator=(Value&&) noexcept = default;
inline Value::~Value() = default;

/// Shortest text that reads back as the same number, always recognisable as a floating-point one.
std::string number_text(double value);

/// "path.key"; the key alone where the path is empty.
std::string dotted(const std::string& path, const std::string& key);

}  // namespace lorafleet::scenarios
