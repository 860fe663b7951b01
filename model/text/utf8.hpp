#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lorafleet::model {

/// Length of the longest prefix that is well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, no
/// overlong forms, nothing above U+10FFFF).
std::size_t valid_utf8_prefix(std::string_view bytes);

/// Each maximal ill-formed subpart becomes one U+FFFD, as with Python's `errors="replace"`.
std::string replace_invalid_utf8(std::string_view bytes);

/// The code point at the front of well-formed, non-empty text, which is moved past it.
char32_t take_code_point(std::string_view& text);

void append_utf8(std::string& text, char32_t code_point);

}  // namespace lorafleet::model
