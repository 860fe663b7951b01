#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::partition {

/// The stretches of `text` between white space (ASCII), as views into it.
std::vector<std::string_view> split_words(std::string_view text);

/// The stems of the content words of `text`.
///
/// A word is a longest run of letters, digits and the joiners `_ + . ' -` that starts with a letter
/// and does not end in `. ' -`; letters are ASCII letters and all code points from U+00C0 on
/// outside the general and CJK punctuation blocks. ASCII and Latin-1 letters are lower-cased.
/// Content words have at least two bytes and are no stop words (a list of some 30 English function
/// words).
std::set<std::string> content_stems(std::string_view text);

/// A light stemmer for lower-case English: cuts the first of `ing`, `ed`, `es`, `s` that fits and
/// leaves at least three bytes, then keeps seven bytes (and the rest of a code point that these
/// would split).
std::string_view stem(std::string_view word);

}  // namespace lorafleet::partition
