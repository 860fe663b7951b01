#pragma once

#include <cstddef>
#include <string_view>

namespace lorafleet::tools {

/// Columns that a terminal gives a code point: 2 for East Asian wide ones and most emoji, 0 for
/// marks that combine and for what has no shape of its own, else 1 (Unicode Standard Annex 11).
std::size_t columns_of(char32_t code_point);

/// Columns that `text` takes: UTF-8 without control characters. A byte that is no UTF-8 takes one.
std::size_t columns_of(std::string_view text);

/// The longest beginning of `text` that takes at most `most` columns.
std::string_view fitting(std::string_view text, std::size_t most);

}  // namespace lorafleet::tools
