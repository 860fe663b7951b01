#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace lorafleet::scenarios {

/// The most parts that a dotted key may have. Beyond it TOML parsers run out of stack.
inline constexpr std::size_t kMostKeyParts = 16;

/// The line, from 1, of the first dotted key ("a.b.c", in a table's header as well) of more than
/// kMostKeyParts parts; nullopt where there is none. Dots in strings and comments do not count.
std::optional<std::size_t> line_of_long_key(std::string_view toml);

}  // namespace lorafleet::scenarios
