#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::report {

/// `text` as it may stand in HTML, in an attribute too: markup escaped, control characters and
/// bytes that are no UTF-8 replaced.
std::string escape(std::string_view text);

/// `json`, made of ASCII or UTF-8, as it may stand in a script element: no "<" is left in it.
std::string script_safe(std::string_view json);

/// A table behind a figure. Cells are plain text; the first column heads its row.
struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
  std::string note;       ///< what was left out, and where it is
  bool sortable = false;  ///< by a click on a head
};

/// The table in a box that scrolls, called `name` for those who do not see it.
std::string table_html(const Table& table, std::string_view name);

/// The same in <details>, closed by the page's script.
std::string hidden_table_html(const Table& table, std::string_view name);

/// "<p class=...>text</p>", the text escaped.
std::string paragraph(std::string_view text, std::string_view css = "");

}  // namespace lorafleet::report
