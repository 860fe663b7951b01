#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/text/jinja/marked_text.hpp"

namespace lorafleet::model::jinja {

class Value;
using List = std::vector<Value>;
using Dict = std::vector<std::pair<std::string, Value>>;  ///< in order of insertion

/// What a name without a value gives: nothing in a text, false in a condition, an error beyond.
struct Undefined {
  std::shared_ptr<const std::string> name;  ///< for messages; may be null
};
struct None {};

/// Arguments of a filter, a test, a function or a method.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

/// What only `{% set ns.name = … %}` changes.
struct Namespace {
  std::map<std::string, Value> values;
};
using Function = std::function<Value(const Arguments&)>;

/// A value of a template. Copies share what they hold; only a Namespace ever changes.
class Value {
 public:
  Value() = default;  ///< undefined
  Value(None none) : held_(none) {}
  Value(Undefined undefined) : held_(std::move(undefined)) {}
  Value(bool value) : held_(value) {}
  Value(std::int64_t value) : held_(value) {}
  Value(double value) : held_(value) {}
  Value(MarkedText text) : held_(std::make_shared<const MarkedText>(std::move(text))) {}
  Value(std::string text) : Value(MarkedText(std::move(text))) {}
  Value(const char* text) : Value(std::string(text)) {}
  Value(List list) : held_(std::make_shared<const List>(std::move(list))) {}
  Value(Dict dict) : held_(std::make_shared<const Dict>(std::move(dict))) {}
  Value(std::shared_ptr<Namespace> space) : held_(std::move(space)) {}
  Value(Function function) : held_(std::make_shared<const Function>(std::move(function))) {}

  [[nodiscard]] bool is_undefined() const { return std::holds_alternative<Undefined>(held_); }
  [[nodiscard]] bool is_none() const { return std::holds_alternative<None>(held_); }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&held_); }
  [[nodiscard]] const std::int64_t* integer() const { return std::get_if<std::int64_t>(&held_); }
  [[nodiscard]] const double* real() const { return std::get_if<double>(&held_); }
  [[nodiscard]] const MarkedText* text() const { return pointer<const MarkedText>(); }
  [[nodiscard]] const List* list() const { return pointer<const List>(); }
  [[nodiscard]] const Dict* dict() const { return pointer<const Dict>(); }
  [[nodiscard]] Namespace* space() const { return pointer<Namespace>(); }
  [[nodiscard]] const Function* function() const { return pointer<const Function>(); }
  [[nodiscard]] const Undefined& undefined() const { return std::get<Undefined>(held_); }

  [[nodiscard]] bool is_number() const { return boolean() || integer() || real(); }
  /// A bool counts as 0 or 1. Nothing but integers and bools.
  [[nodiscard]] bool as_integer(std::int64_t& result) const;
  [[nodiscard]] double as_real() const;  ///< of a number

 private:
  template <typename T>
  [[nodiscard]] T* pointer() const {
    const auto* held = std::get_if<std::shared_ptr<T>>(&held_);
    return held == nullptr ? nullptr : held->get();
  }
  std::variant<Undefined, None, bool, std::int64_t, double, std::shared_ptr<const MarkedText>,
               std::shared_ptr<const List>, std::shared_ptr<const Dict>, std::shared_ptr<Namespace>,
               std::shared_ptr<const Function>>
      held_;
};

/// Python's truth of it.
bool is_true(const Value& value);
/// "a string", "a list", …: for messages.
std::string kind_of(const Value& value);
/// nullptr where the dict has no such key.
const Value* find(const Dict& dict, std::string_view key);
/// Python's repr of a float: the shortest text that reads back as the same number.
std::string text_of(double value);
/// As `{{ value }}` writes it. A list or dict as Python's repr, with the origin of its first data.
MarkedText text_of(const Value& value);
/// What Python's json.dumps is told.
struct JsonStyle {
  int indent = -1;  ///< below 0: on one line
  std::string between = ", ";
  std::string after_key = ": ";
  bool ascii = false;  ///< all others as escapes
  bool sort_keys = false;
};

/// As json.dumps. Throws std::invalid_argument for what JSON has not.
MarkedText json_of(const Value& value, const JsonStyle& style);

}  // namespace lorafleet::model::jinja
