#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/schema/value.hpp"

namespace lorafleet::scenarios {

/// Parses TOML. `source` is the name used in places. Throws ScenarioError with the place of a
/// syntax error ("file:line:column: not valid TOML: ...").
Value parse_toml(std::string_view text, const std::string& source);

/// One TOML value ("3", "[1, 2]", "{ a = 1 }") as typed on the command line; nothing where the text
/// is not exactly one value.
std::optional<Value> parse_toml_value(std::string_view text, const std::string& source);

/// The parts of a dotted TOML key: `expect."final.loss".below` has three. Nothing where it is none.
std::optional<std::vector<std::string>> parse_toml_key(std::string_view text);

/// A string as a TOML basic string, quotes included.
std::string toml_string(std::string_view text);

/// A key as it stands before "=": bare where TOML allows it, else quoted.
std::string key_text(std::string_view key);

/// A value on one line: arrays and tables inline.
std::string inline_text(const Value& value);

/// Every value of a document that is no table, under its dotted key, on one line: ("train.lr",
/// "0.1"). Lists are one value, but those of tables: ("devices.tiers[0].name", "\"phone\"").
std::vector<std::pair<std::string, std::string>> flat_settings(const Value& document);

}  // namespace lorafleet::scenarios
