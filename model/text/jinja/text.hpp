#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "model/text/jinja/marked_text.hpp"

namespace lorafleet::model::jinja {

/// Python's methods of str on marked text; what is kept keeps its marks. All texts are well-formed
/// UTF-8, and places are counted in code points.

std::size_t length(std::string_view text);
/// The byte where each code point begins, and the end.
std::vector<std::size_t> code_points(std::string_view text);

/// The code point at `place`, which is there.
MarkedText character(const MarkedText& text, std::size_t place);
/// How many cuts `split` makes at most.
std::size_t count_cuts(std::string_view text, const std::optional<std::string_view>& separator);

/// Without `characters`, what Python's str.isspace takes.
MarkedText strip(const MarkedText& text, bool left, bool right,
                 const std::optional<std::string_view>& characters);
/// At most `most` cuts, below 0: all. Without separator at runs of white space.
std::vector<MarkedText> split(const MarkedText& text,
                              const std::optional<std::string_view>& separator, std::int64_t most,
                              bool from_right);
/// At most `most` places, below 0: all. An empty `old` is at each letter and at the end.
MarkedText replace(const MarkedText& text, std::string_view old, const MarkedText& fresh,
                   std::int64_t most);

/// `words`: as title, but a word goes on through all but blanks, "-" and opening brackets.
enum class Case { upper, lower, title, words, capitalize };
/// Nothing where a letter beyond ASCII is in it.
std::optional<MarkedText> change_case(const MarkedText& text, Case to);

}  // namespace lorafleet::model::jinja
