#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

namespace lorafleet::model {

/// Parses JSON that came from outside. Throws InputError, naming `place`, for anything that is not
/// one JSON value, for a key that occurs twice in an object (plain JSON parsers keep either) and
/// for nesting deeper than `max_depth`.
nlohmann::json parse_json(std::string_view text, std::string_view place, int max_depth = 64);

/// Whether it is an integer from 0 to `most`. Comparing a json with a number is not enough: from
/// 2^63 on it wraps.
bool is_unsigned_up_to(const nlohmann::json& value, std::uint64_t most);

/// What a value is, for messages: "a number", "an object", …
std::string_view kind_of(const nlohmann::json& value);

}  // namespace lorafleet::model
