#include <nlohmann/json.hpp>

#include "partition/row_collector.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
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

std::string text_of(const json& row, const std::string& name) {
  const json* value = find_field(row, name);
  if (value == nullptr) return "";
  if (value->is_string()) return value->get<std::string>();
  throw BadRow("field \"" + name + "\" is " + kind_of(*value) + "; a string was expected");
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

json parse_row(std::string_view line) {
  if (const auto byte = invalid_utf8_at(line)) {
    throw BadRow("invalid UTF-8 at byte " + std::to_string(*byte + 1) +
                 " of the line; the file must be UTF-8");
  }
  json row;
  try {
    row = json::parse(line);
  } catch (const json::exception& error) {
    const std::string what = error.what();
    const auto detail = what.find("column ");
    throw BadRow("not valid JSON" + (detail == what.npos ? "" : " (" + what.substr(detail) + ")") +
                 "; one JSON object a line was expected");
  }
  if (!row.is_object()) {
    throw BadRow("the line is " + kind_of(row) + "; one JSON object a line was expected");
  }
  return row;
}

Example read_row(std::string_view line, const FieldNames& fields) {
  const json row = parse_row(line);
  if (find_field(row, fields.target) == nullptr) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : row.items()) {
      keys.push_back(key);
    }
    throw BadRow("field \"" + fields.target + "\" (the target) is missing; the row has: " +
                 (keys.empty() ? "no fields" : join(keys)) +
                 "; data.fields.target can name another field");
  }
  Example example;
  example.id = name_of(row, fields.id);
  example.instruction = text_of(row, fields.instruction);
  example.context = text_of(row, fields.context);
  example.target = text_of(row, fields.target);
  example.group = name_of(row, fields.group);
  if (auto client = name_of(row, fields.client); !client.empty()) example.client = client;
  example.quality = scores_of(row, fields.quality);
  return example;
}

}  // namespace

void read_jsonl(const DataConfig& config, RowCollector& rows) {
  if (config.fields.target.empty()) {
    throw InputError("data.fields.target", "is empty; the name of a field was expected");
  }
  for_each_line(config.path, [&](std::string_view line, std::size_t number) {
    rows.count_line();
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (line.find_first_not_of(" \t") == line.npos) return;
    try {
      rows.add(read_row(line, config.fields), number);
    } catch (const BadRow& problem) {
      rows.bad(number, problem.what());
    }
  });
}

}  // namespace lorafleet::partition
