#include "scenarios/schema/value.hpp"

#include <cmath>

#include "partition/support/numbers.hpp"

namespace lorafleet::scenarios {

namespace {

struct Describe {
  std::string operator()(const DateOrTime&) const { return "a date or time"; }
  std::string operator()(bool value) const {
    return value ? "the boolean true" : "the boolean false";
  }
  std::string operator()(std::int64_t value) const {
    return "the integer " + std::to_string(value);
  }
  std::string operator()(double value) const { return "the number " + number_text(value); }
  std::string operator()(const std::string& value) const { return "the string \"" + value + "\""; }
  std::string operator()(const Value::List&) const { return "an array"; }
  std::string operator()(const Value::Table&) const { return "a table"; }
};

}  // namespace

std::string Place::text() const {
  if (line == 0) return source;
  return source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

const Value* Value::find(std::string_view key) const {
  const Table* entries = table();
  if (entries == nullptr) return nullptr;
  for (const auto& entry : *entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::string Value::described() const {
  return std::visit(Describe{}, data);
}

std::string dotted(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  std::string text = shortest(value);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace lorafleet::scenarios
