#pragma once

#include <string>
#include <string_view>

namespace lorafleet::model {

/// Full lower case without a language's own rules, as Python's str.lower(): one letter may become
/// two (U+0130), and a capital sigma at the end of a word becomes the final one. By ICU's version
/// of Unicode. Ill-formed UTF-8 becomes U+FFFD, here and below.
std::u32string lower_case(std::string_view text);

/// The code points of UTF-8, as they are.
std::u32string code_points(std::string_view text);

/// What Python's str.split() splits at: Unicode's white space, and U+001C to U+001F.
bool is_white_space(char32_t code_point);

/// What Python's regular expressions call \w in text: letters, numbers of all kinds, and "_". Not
/// combining marks.
bool is_word_character(char32_t code_point);

/// ASCII's punctuation and symbols (Python's string.punctuation).
bool is_ascii_punctuation(char32_t code_point);

std::string to_utf8(std::u32string_view text);

}  // namespace lorafleet::model
