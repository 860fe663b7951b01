#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lorafleet {

/// Whether `text` is UTF-8 without control characters (C0, DEL, C1): what may be a name.
bool is_printable(std::string_view text);

/// `text` with each control character and each byte that is no UTF-8 replaced by U+FFFD, so that it
/// cannot move a terminal's cursor, colour it or end a line of a log. `lines`: line ends and tabs
/// are kept.
std::string printable(std::string_view text, bool lines = false);

/// A text that can stand in a line: of at most `most` letters (code points), its end cut off for
/// ".." otherwise, and a space for each run of line breaks and control characters.
std::string short_name(std::string_view name, std::size_t most);

}  // namespace lorafleet
