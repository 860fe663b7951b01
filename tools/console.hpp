#pragma once

#include <string>
#include <string_view>

namespace lorafleet::tools {

/// Whether stderr is a terminal that can redraw a line.
bool has_live_terminal();
/// Columns of the terminal; 80 where that is not known.
std::size_t terminal_width();

/// "error: ...", "warning: ..." and "note: ..." on stderr, a line for each line of `text`; coloured
/// on a terminal unless NO_COLOR is set (no-color.org).
void print_error(std::string_view text);
void print_warning(std::string_view text);
void print_note(std::string_view text);

}  // namespace lorafleet::tools
