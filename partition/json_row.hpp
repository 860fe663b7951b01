#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "partition/config.hpp"
#include "partition/example.hpp"

namespace lorafleet::partition {

// What the readers of JSON data share. All throw BadRow where a row is not as it must be.

/// One JSON object, which must be valid UTF-8. `form` ends the message: "one JSON object a line was
/// expected".
nlohmann::json parse_row(std::string_view text, const std::string& form);

/// The string under `name`: a key, or keys joined by dots; "" where it is absent or null.
std::string text_of(const nlohmann::json& row, const std::string& name);

/// An array of strings; empty where it is absent or null.
std::vector<std::string> texts_of(const nlohmann::json& row, const std::string& name);

/// An array of objects, which must be there.
const nlohmann::json& objects_of(const nlohmann::json& row, const std::string& name);

/// A row whose fields have these names; `hint` ends the message about a missing target.
Example read_row(const nlohmann::json& row, const FieldNames& fields, const std::string& hint);

}  // namespace lorafleet::partition
