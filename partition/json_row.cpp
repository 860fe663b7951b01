#include "partition/json_row.hpp"

#include <algorithm>

#include "partition/row_collector.hpp"
#include "partition/support/error.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::partition {

namespace {

using nlohmann::json;

/// "an object", "a string", ... for messages.
std::string kind_of(const json& value) {
  if (value.is_object() || value.is_array()) return std::string("an ") + value.type_name();
  if (value.is_null()) return "null";
  return std::string("a ") + value.type_name();
}

/// The value under `name` (a key, or keys joined by dots), or nullptr where it is absent or null.
const json* find_field(const json& row, const std::string& name) {
  if (name.empty()) return nullptr;
  const json* value = nullptr;
  if (const auto direct = row.find(name); direct != row.end()) {
    value = &*direct;
  } else if (const auto dot = name.find('.'); dot != std::string::npos) {
    const auto outer = row.find(name.substr(0, dot));
    if (outer == row.end() || !outer->is_object()) return nullptr;
    value = find_field(*outer, name.substr(dot + 1));
  }
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// A string, or a number as it is written.
std::string name_of(const json& row, const std::string& name) {
  const json* value = find_field(row, name);
  if (value == nullptr) return "";
  if (value->is_string()) return value->get<std::string>();
  if (value->is_number()) return value->dump();
  throw BadRow("field \"" + name + "\" is " + kind_of(*value) +
               "; a string or a number was expected");
}

std::map<std::string, double> scores_of(const json& row, const std::string& name) {
  std::map<std::string, double> scores;
  const json* value = find_field(row, name);
  if (value == nullptr) return scores;
  if (!value->is_object()) {
    throw BadRow("field \"" + name + "\" is " + kind_of(*value) +
                 "; an object of numbers was expected");
  }
  for (const auto& [score, number] : value->items()) {
    if (number.is_null()) continue;
    if (!number.is_number()) {
      throw BadRow("field \"" + name + "." + score + "\" is " + kind_of(number) +
                   "; a number was expected");
    }
    scores[score] = number.get<double>();
  }
  return scores;
}

}  // namespace

std::string text_of(const json& row, const std::string& name) {
  const json* value = find_field(row, name);
  if (value == nullptr) return "";
  if (value->is_string()) return value->get<std::string>();
  throw BadRow("field \"" + name + "\" is " + kind_of(*value) + "; a string was expected");
}

std::vector<std::string> texts_of(const json& row, const std::string& name) {
  std::vector<std::string> texts;
  const json* value = find_field(row, name);
  if (value == nullptr) return texts;
  const BadRow wrong("field \"" + name + "\" is " + kind_of(*value) +
                     "; an array of strings was expected");
  if (!value->is_array()) throw wrong;
  for (const json& item : *value) {
    if (!item.is_string()) throw wrong;
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

const json& objects_of(const json& row, const std::string& name) {
  const json* value = find_field(row, name);
  if (value == nullptr) throw BadRow("field \"" + name + "\" is missing");
  const bool objects =
      value->is_array() &&
      std::all_of(value->begin(), value->end(), [](const json& v) { return v.is_object(); });
  if (!objects) throw BadRow("field \"" + name + "\" must be an array of objects");
  return *value;
}

json parse_row(std::string_view text, const std::string& form) {
  if (const auto byte = invalid_utf8_at(text)) {
    throw BadRow("invalid UTF-8 at byte " + std::to_string(*byte + 1) +
                 " of the line; the file must be UTF-8");
  }
  json row;
  try {
    row = json::parse(text);
  } catch (const json::exception& error) {
    const std::string what = error.what();
    const auto detail = what.find("column ");
    throw BadRow("not valid JSON" + (detail == what.npos ? "" : " (" + what.substr(detail) + ")") +
                 "; " + form);
  }
  if (!row.is_object()) {
    throw BadRow("the row is " + kind_of(row) + "; " + form);
  }
  return row;
}

Example read_row(const json& row, const FieldNames& fields, const std::string& hint) {
  if (find_field(row, fields.target) == nullptr) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : row.items()) {
      keys.push_back(key);
    }
    throw BadRow("field \"" + fields.target + "\" (the target) is missing; the row has: " +
                 (keys.empty() ? "no fields" : join(keys)) + "; " + hint);
  }
  Example example;
  example.id = name_of(row, fields.id);
  example.instruction = text_of(row, fields.instruction);
  example.context = text_of(row, fields.context);
  example.target = text_of(row, fields.target);
  example.group = name_of(row, fields.group);
  if (auto client = name_of(row, fields.client); !client.empty()) example.client = client;
  example.quality = scores_of(row, fields.quality);
  example.choices = texts_of(row, fields.choices);
  example.references = texts_of(row, fields.references);
  return example;
}

}  // namespace lorafleet::partition
