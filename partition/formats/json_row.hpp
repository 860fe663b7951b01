#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "partition/examples/config.hpp"
#include "partition/examples/example.hpp"

namespace lorafleet::partition {

// What the readers of rows share; rows of CSV are objects of strings. A name is a key, or keys
// joined by dots. All throw BadRow where a row is not as it must be.

/// One JSON object, which must be valid UTF-8. `form` ends the message: "one JSON object a line was
/// expected".
nlohmann::json parse_row(std::string_view text, const std::string& form);

/// Whether the row has the name, be it null.
bool has_field(const nlohmann::json& row, const std::string& name);

/// The value under `name`, or nullptr where it is absent or null.
const nlohmann::json* find_field(const nlohmann::json& row, const std::string& name);

/// "an object", "a string", ... for messages.
std::string kind_of(const nlohmann::json& value);

/// The string under `name`; "" where it is absent or null.
std::string text_of(const nlohmann::json& row, const std::string& name);

/// The same, or a number as it is written, or "true" or "false".
std::string scalar_of(const nlohmann::json& row, const std::string& name);

/// An array of strings; empty where it is absent or null.
std::vector<std::string> texts_of(const nlohmann::json& row, const std::string& name);

/// The same, of what `scalar_of` reads.
std::vector<std::string> scalars_of(const nlohmann::json& row, const std::string& name);

/// An array of objects, which must be there.
const nlohmann::json& objects_of(const nlohmann::json& row, const std::string& name);

/// FieldNames without a name: for formats whose names are fixed, to be filled in.
FieldNames no_fields();

/// The names of [data.fields] for a format of rows, checked and without those of other formats.
/// Throws InputError where there is no name for the target.
FieldNames named_fields(const DataConfig& config);

/// Fills in what is no text to learn: id, group, client, quality, attributes.
void read_owner(const nlohmann::json& row, const FieldNames& fields, Example& example);

/// A row whose fields have these names; `hint` ends the message about a missing target.
Example read_row(const nlohmann::json& row, const FieldNames& fields, const std::string& hint);

}  // namespace lorafleet::partition
