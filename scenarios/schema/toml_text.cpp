#include "scenarios/schema/toml_text.hpp"

#include <toml++/toml.h>

#include <algorithm>

#include "partition/support/error.hpp"
#include "scenarios/schema/scenario.hpp"
#include "scenarios/schema/toml_depth.hpp"

namespace lorafleet::scenarios {

namespace {

Place place_of(const toml::source_region& region, const std::string& source) {
  return {source, region.begin.line, region.begin.column};
}

Value to_value(const toml::node& node, const std::string& source) {
  Value value;
  value.place = place_of(node.source(), source);
  if (const auto* table = node.as_table()) {
    Value::Table entries;
    for (auto&& [key, child] : *table) {
      entries.emplace_back(std::string(key.str()), place_of(key.source(), source),
                           to_value(child, source));
    }
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.place < b.place; });
    value.data = std::move(entries);
  } else if (const auto* array = node.as_array()) {
    Value::List items;
    for (auto&& child : *array)
      items.push_back(to_value(child, source));
    value.data = std::move(items);
  } else if (const auto* text = node.as_string()) {
    value.data = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.data = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    value.data = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    value.data = boolean->get();
  }
  return value;
}

bool bare(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

}  // namespace

Value parse_toml(std::string_view text, const std::string& source) {
  if (const auto line = line_of_long_key(text)) {
    throw ScenarioError({at_line(source, *line) + ": a dotted key has at most " +
                         std::to_string(kMostKeyParts) + " parts"});
  }
  try {
    return to_value(toml::parse(text, source), source);
  } catch (const toml::parse_error& error) {
    throw ScenarioError({place_of(error.source(), source).text() +
                         ": not valid TOML: " + std::string(error.description())});
  }
}

std::optional<Value> parse_toml_value(std::string_view text, const std::string& source) {
  if (line_of_long_key(text)) return std::nullopt;
  try {
    const toml::table table = toml::parse("value = " + std::string(text), source);
    if (table.size() != 1) return std::nullopt;
    return to_value(*table.get("value"), source);
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

std::optional<std::vector<std::string>> parse_toml_key(std::string_view text) {
  if (line_of_long_key(text)) return std::nullopt;
  try {
    if (text.find('\n') != std::string_view::npos || text.find('=') != std::string_view::npos) {
      return std::nullopt;
    }
    const toml::table root = toml::parse(std::string(text) + " = 0");
    std::vector<std::string> parts;
    const toml::table* table = &root;
    while (table != nullptr) {
      if (table->size() != 1) return std::nullopt;
      parts.emplace_back(table->begin()->first.str());
      table = table->begin()->second.as_table();
    }
    return parts;
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      constexpr char kDigits[] = "0123456789abcdef";
      result += "\\u00";
      result += kDigits[byte >> 4];
      result += kDigits[byte & 15];
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string key_text(std::string_view key) {
  return bare(key) ? std::string(key) : toml_string(key);
}

std::string inline_text(const Value& value) {
  if (const auto* boolean = std::get_if<bool>(&value.data)) return *boolean ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value.data)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value.data)) return number_text(*number);
  if (const auto* text = std::get_if<std::string>(&value.data)) return toml_string(*text);
  std::vector<std::string> parts;
  if (const auto* items = value.list()) {
    for (const auto& item : *items)
      parts.push_back(inline_text(item));
    return std::string("[").append(join(parts)).append("]");
  }
  const auto* entries = value.table();
  if (entries == nullptr || entries->empty()) return "{}";
  for (const auto& entry : *entries) {
    parts.push_back(key_text(entry.key) + " = " + inline_text(entry.value));
  }
  return std::string("{ ").append(join(parts)).append(" }");
}

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

void flatten(const Value& value, const std::string& key, Settings& settings) {
  if (const auto* entries = value.table()) {
    for (const auto& entry : *entries) {
      const std::string name = key_text(entry.key);
      flatten(entry.value, key.empty() ? name : key + "." + name, settings);
    }
    return;
  }
  const auto* items = value.list();
  const bool tables = items != nullptr && !items->empty() && items->front().table() != nullptr;
  if (!tables) {
    settings.emplace_back(key, inline_text(value));
    return;
  }
  for (std::size_t i = 0; i < items->size(); ++i)
    flatten((*items)[i], key + "[" + std::to_string(i) + "]", settings);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> flat_settings(const Value& document) {
  Settings settings;
  if (document.table() != nullptr) flatten(document, "", settings);
  return settings;
}

}  // namespace lorafleet::scenarios
