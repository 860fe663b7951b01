#pragma once

#include <cstddef>
#include <string_view>

namespace lorafleet::model {

/// What tokenizers ask about characters; by ICU's version of Unicode.

/// White_Space.
bool is_space(char32_t character);
/// What a regular expression calls \w by UTS 18: letters, marks, digits, "_" and the like.
bool is_word(char32_t character);
/// Numbers of all kinds (N).
bool is_numeric(char32_t character);
/// ASCII's punctuation and symbols, and Unicode's punctuation (P).
bool is_punctuation(char32_t character);
/// Marks of all kinds (M).
bool is_mark(char32_t character);

/// The first byte of the last character of `text`, which is well-formed and not empty.
std::size_t last_character(std::string_view text);
/// Bytes of white space at the end, and at the begin, of well-formed text.
std::size_t spaces_at_end(std::string_view text);
std::size_t spaces_at_begin(std::string_view text);
/// The first byte from `from` on that is not ASCII; the size of `text` where all are.
std::size_t first_beyond_ascii(std::string_view text, std::size_t from = 0);

}  // namespace lorafleet::model
