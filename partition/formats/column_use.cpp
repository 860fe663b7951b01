#include "partition/formats/column_use.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "partition/formats/json_row.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::partition {

namespace {

bool is_empty(const nlohmann::json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.is_structured() && value.empty();
}

}  // namespace

void ColumnUse::may_have(const std::string& name) {
  if (name.empty()) return;
  read_.insert(name);
  // "meta.lang" is read in the column "meta", unless there is one of that very name.
  for (std::size_t dot = 0; (dot = name.find('.', dot)) != std::string::npos; ++dot)
    read_.insert(name.substr(0, dot));
}

void ColumnUse::must_have(const std::string& name, const std::string& key) {
  if (name.empty()) return;
  may_have(name);
  expected_.push_back({name, key});
}

void ColumnUse::should_have(const std::string& name, const std::string& key) {
  if (name.empty()) return;
  may_have(name);
  expected_.push_back({name, key, false});
}

void ColumnUse::has_fields(const FieldNames& fields, bool for_test) {
  const FieldNames defaults;
  const auto add = [&](std::string FieldNames::*member, const char* key, bool for_training) {
    const std::string full = std::string("data.fields.") + key;
    if (fields.*member == defaults.*member) return may_have(fields.*member);
    for_test&& for_training ? should_have(fields.*member, full) : must_have(fields.*member, full);
  };
  add(&FieldNames::instruction, "instruction", false);
  add(&FieldNames::context, "context", false);
  add(&FieldNames::target, "target", false);
  add(&FieldNames::choices, "choices", false);
  add(&FieldNames::references, "references", false);
  add(&FieldNames::messages, "messages", false);
  add(&FieldNames::id, "id", true);
  add(&FieldNames::group, "group", true);
  add(&FieldNames::client, "client", true);
  add(&FieldNames::quality, "quality", true);
  for (const auto& name : fields.attributes) {
    for_test ? should_have(name, "data.fields.attributes")
             : must_have(name, "data.fields.attributes");
  }
}

void ColumnUse::found(const std::string& name) {
  for (auto& expected : expected_) {
    if (expected.name == name) expected.found = expected.filled = true;
  }
}

void ColumnUse::saw(const nlohmann::json& row) {
  ++rows_;
  for (const auto& [key, value] : row.items())
    columns_.insert(key);
  for (auto& expected : expected_) {
    if (expected.filled) continue;
    expected.found = expected.found || has_field(row, expected.name);
    const auto* value = find_field(row, expected.name);
    expected.filled = value != nullptr && !is_empty(*value);
  }
}

std::string ColumnUse::missing(const Expected& expected, const std::filesystem::path& file) const {
  const std::vector<std::string> names(columns_.begin(), columns_.end());
  const std::string nearest = nearest_name(expected.name, names);
  std::string text = "no row of " + file.string() + " has ";
  text += expected.key.empty() ? "the format's field " : "the field ";
  text += "\"" + expected.name + "\"; the rows have: ";
  text += names.empty() ? "no fields" : join_some(names);
  if (nearest != expected.name) text += did_you_mean(nearest);
  if (expected.key.empty()) text += "; format = \"jsonl\" reads fields of any name";
  return text;
}

std::vector<std::string> ColumnUse::check(const std::filesystem::path& file) const {
  std::vector<std::string> warnings;
  if (rows_ == 0) return warnings;
  for (const auto& expected : expected_) {
    if (expected.filled || (expected.found && expected.key.empty())) continue;
    if (expected.found) {
      warnings.push_back(expected.key + ": the field \"" + expected.name +
                         "\" is null or empty in all rows of " + file.string());
      continue;
    }
    if (expected.strict) throw InputError(expected.key, missing(expected, file));
    warnings.push_back(expected.key + ": " + missing(expected, file));
  }
  return warnings;
}

std::vector<std::string> ColumnUse::unused() const {
  std::vector<std::string> names;
  std::set_difference(columns_.begin(), columns_.end(), read_.begin(), read_.end(),
                      std::back_inserter(names));
  return names;
}

std::string join_some(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 20;
  if (names.size() <= kMost) return join(names);
  return join({names.begin(), names.begin() + kMost}) + " and " +
         std::to_string(names.size() - kMost) + " more";
}

}  // namespace lorafleet::partition
