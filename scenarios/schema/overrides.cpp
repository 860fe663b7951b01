#include "scenarios/schema/overrides.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <type_traits>
#include <variant>

#include "scenarios/schema/schema.hpp"
#include "scenarios/schema/toml_text.hpp"

namespace lorafleet::scenarios {

namespace {

std::optional<std::size_t> as_index(const std::string& text) {
  std::size_t index = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), index);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return index;
}

/// The command line's places have no line; each node gets the one of its "--set".
void set_place(Value& value, const Place& place) {
  value.place = place;
  if (auto* items = std::get_if<Value::List>(&value.data)) {
    for (auto& item : *items)
      set_place(item, place);
  } else if (auto* entries = std::get_if<Value::Table>(&value.data)) {
    for (auto& entry : *entries) {
      entry.place = place;
      set_place(entry.value, place);
    }
  }
}

Value* step(Value& value, const std::string& part, bool last, const std::string& path,
            const Place& place, Report& report) {
  if (auto* items = std::get_if<Value::List>(&value.data)) {
    const auto index = as_index(part);
    if (index && *index < items->size()) return &(*items)[*index];
    report.error(
        place, path,
        "has no entry " + part + "; allowed: " +
            (items->empty() ? "none, it is empty" : "0 to " + std::to_string(items->size() - 1)));
    return nullptr;
  }
  auto* entries = std::get_if<Value::Table>(&value.data);
  if (entries == nullptr) {
    report.error(place, path, "is " + value.described() + " and has no key \"" + part + "\"");
    return nullptr;
  }
  for (auto& entry : *entries) {
    if (entry.key != part) continue;
    if (last) entry.place = place;
    return &entry.value;
  }
  entries->emplace_back(part, place, Value(Value::Table{}));
  entries->back().value.place = place;
  return &entries->back().value;
}

void remove_key(Value& table, const std::string& key) {
  if (auto* entries = std::get_if<Value::Table>(&table.data)) {
    std::erase_if(*entries, [&](const Entry& entry) { return entry.key == key; });
  }
}

/// The table of the schema that `parts` (without the last) lead to; nullptr where they lead
/// nowhere.
const Table* table_at(const std::vector<std::string>& parts) {
  const Table* table = &schema();
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    if (as_index(parts[i])) continue;
    const Field* field = table->find(parts[i]);
    if (field == nullptr || field->table == nullptr) return nullptr;
    table = field->table.get();
  }
  return table;
}

/// Whether a value counts as given where 0 or an empty one means: not set.
bool holds_something(const Value& value) {
  return std::visit(
      [](const auto& data) {
        using Data = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<Data, DateOrTime>) {
          return true;
        } else if constexpr (std::is_arithmetic_v<Data>) {
          return data != Data{};
        } else {
          return !data.empty();
        }
      },
      value.data);
}

/// Removes from `parent` the keys that cannot stand beside `key`: the key that replaces it, and,
/// where `key` holds something, the one that it replaces.
void remove_alternatives(const Table& table, const std::string& key, bool holds, Value& parent) {
  for (const auto& field : table.fields()) {
    if (field.replaced_by.empty()) continue;
    if (field.key == key) remove_key(parent, field.replaced_by);
    if (field.replaced_by == key && holds) remove_key(parent, field.key);
  }
}

void apply(const std::string& set, Value& document, Report& report) {
  const Place place{"--set " + set, 0, 0};
  const std::size_t equals = set.find('=');
  const auto parts = parse_toml_key(set.substr(0, equals));
  if (equals == std::string::npos || !parts) {
    report.error(place, set.substr(0, equals),
                 "is not of the form section.key=value; example: --set aggregation.mode=fedbuff");
    return;
  }
  const std::string text = set.substr(equals + 1);
  Value value = parse_toml_value(text, place.source).value_or(Value(text));
  set_place(value, place);
  value.typed = text;

  Value* at = &document;
  Value* parent = nullptr;
  std::string path;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    parent = at;
    at = step(*at, (*parts)[i], i + 1 == parts->size(), path, place, report);
    if (at == nullptr) return;
    path += (path.empty() ? "" : ".") + (*parts)[i];
  }
  const bool holds = holds_something(value);
  *at = std::move(value);
  if (const Table* table = table_at(*parts)) {
    remove_alternatives(*table, parts->back(), holds, *parent);
  }
}

}  // namespace

void apply_overrides(const std::vector<std::string>& sets, Value& document, Report& report) {
  for (const auto& set : sets)
    apply(set, document, report);
}

}  // namespace lorafleet::scenarios
