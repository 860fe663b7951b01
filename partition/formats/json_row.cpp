#include "partition/formats/json_row.hpp"

#include <algorithm>

#include "partition/formats/column_use.hpp"
#include "partition/formats/row_collector.hpp"
#include "partition/support/error.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::partition {

namespace {

using nlohmann::json;

/// The value under `name`, null too, or nullptr where it is absent.
const json* find_any(const json& row, std::string_view name) {
  if (name.empty()) return nullptr;
  if (const auto direct = row.find(name); direct != row.end()) return &*direct;
  const auto dot = name.find('.');
  if (dot == name.npos) return nullptr;
  const auto outer = row.find(name.substr(0, dot));
  if (outer == row.end() || !outer->is_object()) return nullptr;
  return find_any(*outer, name.substr(dot + 1));
}

bool is_scalar(const json& value) {
  return value.is_string() || value.is_number() || value.is_boolean();
}

std::string scalar_text(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

template <typename Accepts>
std::vector<std::string> array_of(const json& row, const std::string& name, Accepts&& accepts,
                                  const char* expected) {
  std::vector<std::string> texts;
  const json* value = find_field(row, name);
  if (value == nullptr) return texts;
  if (!value->is_array() || !std::all_of(value->begin(), value->end(), accepts)) {
    throw BadRow("field \"" + name + "\" is " + kind_of(*value) +
                 (value->is_array() ? " with something else in it; " : "; ") + expected +
                 " was expected");
  }
  for (const json& item : *value)
    texts.push_back(scalar_text(item));
  return texts;
}

std::string no_number(const std::string& field, const std::string& score, const json& value) {
  return "field \"" + field + "." + score + "\" is " + kind_of(value) + "; a number was expected";
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
      throw BadRow(no_number(name, score, number));
    }
    scores[score] = number.get<double>();
  }
  return scores;
}

}  // namespace

bool has_field(const json& row, const std::string& name) {
  return find_any(row, name) != nullptr;
}

const json* find_field(const json& row, const std::string& name) {
  const json* value = find_any(row, name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string kind_of(const json& value) {
  if (value.is_object() || value.is_array()) return std::string("an ") + value.type_name();
  if (value.is_null()) return "null";
  return std::string("a ") + value.type_name();
}

std::string text_of(const json& row, const std::string& name) {
  const json* value = find_field(row, name);
  if (value == nullptr) return "";
  if (value->is_string()) return value->get<std::string>();
  throw BadRow("field \"" + name + "\" is " + kind_of(*value) + "; a string was expected");
}

std::string scalar_of(const json& row, const std::string& name) {
  const json* value = find_field(row, name);
  if (value == nullptr) return "";
  if (is_scalar(*value)) return scalar_text(*value);
  throw BadRow("field \"" + name + "\" is " + kind_of(*value) +
               "; a string, a number or a boolean was expected");
}

std::vector<std::string> texts_of(const json& row, const std::string& name) {
  return array_of(
      row, name, [](const json& item) { return item.is_string(); }, "an array of strings");
}

std::vector<std::string> scalars_of(const json& row, const std::string& name) {
  return array_of(row, name, is_scalar, "an array of strings");
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

FieldNames no_fields() {
  return {.id = "",
          .instruction = "",
          .context = "",
          .target = "",
          .group = "",
          .client = "",
          .quality = "",
          .choices = "",
          .references = "",
          .messages = "",
          .attributes = {}};
}

FieldNames named_fields(const DataConfig& config) {
  FieldNames fields = config.fields;
  if (fields.target.empty()) {
    throw InputError("data.fields.target", "is empty; the name of a field was expected");
  }
  fields.messages.clear();
  return fields;
}

void read_owner(const json& row, const FieldNames& fields, Example& example) {
  example.id = scalar_of(row, fields.id);
  example.group = scalar_of(row, fields.group);
  if (auto client = scalar_of(row, fields.client); !client.empty()) example.client = client;
  example.quality = scores_of(row, fields.quality);
  for (const auto& name : fields.attributes) {
    if (auto text = scalar_of(row, name); !text.empty()) example.attributes[name] = text;
  }
}

Example read_row(const json& row, const FieldNames& fields, const std::string& hint) {
  if (find_field(row, fields.target) == nullptr) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : row.items()) {
      keys.push_back(key);
    }
    const std::string nearest = nearest_name(fields.target, keys);
    throw BadRow(
        "field \"" + fields.target + "\" (the target) is " +
        (has_field(row, fields.target) ? "null" : "missing") +
        "; the row has: " + (keys.empty() ? "no fields" : join_some(keys)) + "; " +
        (nearest.empty() || nearest == fields.target ? "" : "did you mean " + nearest + "? ") +
        hint);
  }
  Example example;
  read_owner(row, fields, example);
  example.instruction = text_of(row, fields.instruction);
  example.context = text_of(row, fields.context);
  example.target = scalar_of(row, fields.target);
  example.choices = scalars_of(row, fields.choices);
  example.references = scalars_of(row, fields.references);
  return example;
}

}  // namespace lorafleet::partition
