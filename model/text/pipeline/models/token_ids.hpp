#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>

namespace lorafleet::model {

struct TextHash : std::hash<std::string_view> {
  using is_transparent = void;
};

/// Tokens as a file writes them, and their ids.
using TokenIds = std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>>;

/// An object of token -> id; no id occurs twice. All errors are InputErrors at `place`.
TokenIds read_token_ids(const nlohmann::json& vocabulary, const std::string& place);

/// nullptr where there is no such token.
const std::int32_t* find_token(const TokenIds& ids, std::string_view token);

/// A token as messages show it.
std::string in_quotes(std::string_view text);

}  // namespace lorafleet::model
